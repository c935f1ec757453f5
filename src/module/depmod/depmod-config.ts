import { wrappedLines } from '../wrapped-lines.js';

/** What depmod.d(5) says of several files that hold a module of one name. */
export interface DepmodConfig {
  /** Directories below lib/modules/<release>, and `built-in` for all others; the best one first. */
  readonly search: readonly string[];
  /** Paths below lib/modules/<release>, without an ending, that win over `search`. */
  readonly overrides: readonly string[];
  /** Names of directories that depmod does not enter, beside `build` and `source`. */
  readonly exclude: readonly string[];
}

/** What depmod does where depmod.d does not say otherwise. */
export const defaultDepmodConfig: DepmodConfig = {
  search: ['updates'],
  overrides: [],
  exclude: [],
};

/**
 * Reads the files of depmod.d, one after another in depmod's order (by file name). `external`
 * directories lie outside the tree and are left to the caller; unknown lines are ignored.
 * @param release the kernel's, for `override NAME PATTERN DIRECTORY`: `*`, or a regular expression
 */
export function readDepmodConfig(texts: readonly string[], release: string): DepmodConfig {
  const search: string[] = [];
  const overrides: string[] = [];
  const exclude: string[] = [];
  for (const { text: line } of texts.flatMap(wrappedLines)) {
    const [command, ...words] = line.split(/[\t ]+/).filter((word) => word !== '');
    const [name, pattern = '*', directory] = words;
    if (line.startsWith('#')) continue;
    if (command === 'search') search.push(...words);
    else if (command === 'exclude') exclude.push(...words);
    else if (command === 'override' && name !== undefined && directory !== undefined) {
      if (matches(release, pattern)) overrides.push(`${directory}/${name}`);
    }
  }
  return { search: search.length > 0 ? search : defaultDepmodConfig.search, overrides, exclude };
}

/** depmod takes POSIX's extended expressions; those that only POSIX knows match nothing here. */
function matches(release: string, pattern: string): boolean {
  if (pattern === '*') return true;
  try {
    return new RegExp(pattern).test(release);
  } catch {
    return false;
  }
}
