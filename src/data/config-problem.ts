import { LineCounter, parseDocument, isMap, type Document } from 'yaml';
import type { z } from 'zod';
import { KbuildError } from '../errors/kbuild-error.js';
import { nearest } from '../errors/nearest.js';

/** The text of a YAML or JSON file (JSON is YAML), to point into. */
export interface ConfigSource {
  file: string;
  document?: Document;
  lines?: LineCounter;
  /** Where one reads what the file may say; default: of the project's configuration. */
  hint?: string;
}

/** @throws KbuildError CONFIG_SYNTAX with file, line and column */
export function parseConfigText(file: string, text: string): ConfigSource & { value: unknown } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new KbuildError(
      'CONFIG_SYNTAX',
      `${file}:${line}:${col}: ${error.message}`,
      'Mend the syntax: an editor that knows YAML and JSON schemas shows it.',
    );
  }
  try {
    return { file, document, lines, value: document.toJS() };
  } catch (cause) {
    // An alias of nothing, or of too much.
    throw new KbuildError(
      'CONFIG_SYNTAX',
      `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Mend the alias, or write out what it stands for.',
      { cause },
    );
  }
}

/** Where a path of keys stands: `file:line:column`, or the file alone where it has no text. */
export function position(source: ConfigSource, path: readonly PropertyKey[], key?: string): string {
  const { file, document, lines } = source;
  if (document === undefined || lines === undefined) return file;
  // The nearest enclosing value that exists: a missing key has no place of its own.
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    let offset = (node as { range?: [number, number, number] } | undefined)?.range?.[0];
    if (key !== undefined && length === path.length && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      offset =
        (pair?.key as { range?: [number, number, number] } | undefined)?.range?.[0] ?? offset;
    }
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  }
  return file;
}

/** The first problem that the schema found, with its place and the nearest right key. */
export function configProblem(
  error: z.ZodError,
  source: ConfigSource,
  knownKeys: (path: readonly PropertyKey[]) => string[],
): KbuildError {
  const [issue] = error.issues;
  if (issue === undefined) throw error;
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = knownKeys(issue.path);
    const near = nearest(key, known);
    return new KbuildError(
      'CONFIG_INVALID',
      `${position(source, issue.path, key)}: unknown key '${key}'${where === '' ? '' : ` in ${where}`}`,
      `${near === undefined ? '' : `Did you mean '${near}'? `}Known keys here: ${known.join(', ')}.`,
    );
  }
  return new KbuildError(
    'CONFIG_INVALID',
    `${position(source, issue.path)}: ${where === '' ? 'the configuration' : where}: ${issue.message}`,
    source.hint ??
      'docs/configuration.md lists every key; the schema for editors is schemas/config.schema.json.',
  );
}
