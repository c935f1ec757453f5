import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a bundled file, as stack traces name it. */
const bundledPlace = /file:\/\/(\/[^\s()]+\/lib\/bundle\/[^\s()/]+\.js):(\d+):(\d+)/g;

/**
 * A stack trace with the places of the sources in place of those in the bundle, as far as the maps
 * beside its files tell. For people who read it: the files of `src/` need not be there.
 */
export function withSourcePlaces(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replaceAll(bundledPlace, (place, path: string, line: string, column: string) => {
    const file = fileURLToPath(`file://${path}`);
    if (!maps.has(file)) maps.set(file, mapOf(file));
    // The map counts from zero, stack traces from one.
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) return place;
    const source = resolve(dirname(file), entry.originalSource);
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined; // then the trace stays as it is
  }
}
