import { existsSync, realpathSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isBelow } from '../kernel/is-below.js';
import { readSmallText } from '../storage/read-small-text.js';
import { makefiles } from './build-method.js';

/** A module that a Kbuild names, and the directory in which it comes out. */
export interface LiteralModule {
  name: string;
  /** Relative to the project, with a slash at its end; empty for the project's own directory. */
  location: string;
}

export interface LiteralModules {
  modules: LiteralModule[];
  /** Lines that say what is built and that only make can read, with the file they stand in. */
  unclear: string[];
}

/**
 * The modules that a tree names in the `obj-m` lines of its Kbuild, and of those in the directories
 * that these name. What depends on variables or on conditions, or leaves the tree, is not read, but
 * told of.
 * @param directory absolute
 * @param at where the Kbuild lies in it: empty, or with a slash at its end
 * @throws KbuildError CONFIG_INVALID, FILE_UNREADABLE
 */
export function literalModules(directory: string, at = ''): LiteralModules {
  const root = realpathSync(directory);
  const seen = new Set<string>();
  const modules = new Map<string, LiteralModule>();
  const unclear: string[] = [];
  const visit = (place: string): void => {
    const file = makefiles.find((name) => existsSync(join(root, place, name)));
    const real = file && realpathSync(join(root, place));
    if (file === undefined || real === undefined || seen.has(real)) return;
    seen.add(real);
    const text = readSmallText(join(root, place, file), 'CONFIG_INVALID');
    for (const { line, words } of objectLines(text)) {
      const known = (words ?? []).filter((word) => isInside(root, place, word));
      if (known.length !== words?.length) unclear.push(`${place}${file}: ${line}`);
      for (const word of known) {
        if (word.endsWith('/')) visit(posix.join(place, word));
        if (!word.endsWith('.o')) continue;
        const path = posix.join(place, word.slice(0, -2));
        const name = posix.basename(path);
        modules.set(path, { name, location: path.slice(0, -name.length) });
      }
    }
  };
  visit(at);
  return { modules: [...modules.values()], unclear };
}

/** Whether a word is a plain path that, with all links followed, does not lead out of the tree. */
function isInside(root: string, place: string, word: string): boolean {
  if (!/^[\w./+-]+$/.test(word)) return false;
  const path = posix.join(place, word);
  if (/^\.\.(\/|$)/.test(path)) return false;
  if (!word.includes('/')) return true;
  const directory = join(root, word.endsWith('/') ? path : posix.dirname(path));
  return !existsSync(directory) || isBelow(realpathSync(directory), root);
}

/** What `obj-m` is set to, line by line; no words where a condition or a variable decides. */
function objectLines(text: string): { line: string; words?: string[] }[] {
  const lines: { line: string; words?: string[] }[] = [];
  const conditions: boolean[] = [];
  for (const raw of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const line = raw.replace(/#.*$/, '').trim();
    // `ifneq ($(KERNELRELEASE),)` tells Kbuild from a plain make, and decides nothing.
    if (/^ifn?(eq|def)\b/.test(line)) conditions.push(/\bKERNELRELEASE\b/.test(line));
    else if (/^endif\b/.test(line)) conditions.pop();
    const [, kind = '', value = ''] =
      /^(?:export\s+)?obj-(m|\$[({][^)}]*[)}])\s*[:+?]?=\s*(.*)$/.exec(line) ?? [];
    if (kind === '') continue;
    const literal = kind === 'm' && !value.includes('$') && conditions.every(Boolean);
    lines.push({ line, ...(literal && { words: value.split(/\s+/).filter(Boolean) }) });
  }
  return lines;
}
