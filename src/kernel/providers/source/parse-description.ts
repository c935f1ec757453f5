import { dirname } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { readBounded } from '../../../storage/read-bounded.js';
import { invalid, type DescriptionPlace } from './description.js';

/** Reads a file; its values stay the text that they are: Kconfig's 0x1000 is not 4096. */
export function parseDescription(file: string): DescriptionPlace & { value: unknown } {
  const lines = new LineCounter();
  const text = readBounded(file, 2 ** 20).toString();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: 'failsafe',
  });
  const place = { directory: dirname(file), name: file, document, lines };
  const [error] = document.errors;
  const mend = 'Mend the syntax: an editor that knows YAML shows it.';
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw invalid(`${file}:${line}:${col}: ${error.message}`, mend);
  }
  try {
    return { ...place, value: document.toJS() };
  } catch (cause) {
    throw invalid(`${file}: ${(cause as Error).message}`, mend); // an alias of nothing, or too much
  }
}
