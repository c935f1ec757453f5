import { posix } from 'node:path';
import type { HostPaths } from './host-paths.js';

/** An option that was left out, and why. */
export interface LeftOut {
  option: string;
  /** `GCC`: no other compiler knows it; `no path`: it names what is not on this machine. */
  why: 'GCC' | 'no path';
}

export interface EditorArguments {
  /** Without the compiler and the source. */
  words: string[];
  leftOut: LeftOut[];
}

/** Options with a path, as one word or two. */
const directoryOptions = ['-I', '-iquote', '-isystem', '-idirafter'];
const fileOptions = ['-include', '-imacros'];
/** Options with a word that is theirs, whatever it says. */
const wordOptions = ['-x', '-Xclang', '-Xpreprocessor', '-mllvm', '-target', '-arch', '-U'];
/** Of no use in an editor, and the word after them. */
const outputOptions = ['-o', '-MF', '-MT', '-MQ', '-dumpbase', '-dumpdir', '-aux-info', '-L', '-B'];
const useless = ['-c', '-S', '-E'];

/** The headers that a compiler brings along, which its own are to stand for. */
const ofCompiler = /\/(gcc|clang)(-cross)?\/.*include(-fixed)?$/;

/**
 * The arguments of a compile, for an editor on this machine: in its paths, without what no editor needs.
 * @param words of the compile, without the compiler
 * @param source as the words name it
 * @param directory where the compiler ran, in the build's paths
 * @param isForeign why an option is left out whatever else it says
 */
export function editorArguments(
  words: readonly string[],
  source: string,
  directory: string,
  paths: HostPaths,
  isForeign: (option: string) => 'no use' | 'GCC' | undefined,
): EditorArguments {
  const result: string[] = [];
  const leftOut: LeftOut[] = [];
  const absolute = (path: string) => posix.resolve(directory, path);
  const drop = (option: string, why: LeftOut['why']) => leftOut.push({ option, why });
  let bringsHeaders = false;

  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const next = words[i + 1];
    const [option, value] = parted(word, next) ?? [];
    const why = isForeign(word);
    if (useless.includes(word) || word === source) continue;
    if (outputOptions.includes(word)) i++;
    else if (outputOptions.some((name) => name.length === 2 && word.startsWith(name))) continue;
    else if (why !== undefined) {
      const whole = word === '--param' && next !== undefined ? `${word} ${next}` : word;
      if (why === 'GCC') drop(whole, why);
      if (whole !== word) i++;
    } else if (option !== undefined && value !== undefined) {
      if (option === word) i++;
      const found = directoryOptions.includes(option)
        ? paths.findIncludes(absolute(value))
        : [paths.find(absolute(value)) ?? []].flat();
      for (const path of found) result.push(...together(option, path));
      if (found.length > 0) continue;
      if (option === '-isystem' && ofCompiler.test(value)) bringsHeaders = true;
      else drop(`${option} ${value}`, 'no path');
    } else if (word === '-D') {
      result.push(`-D${paths.rewrite(next ?? '')}`);
      i++;
    } else if (word.startsWith('-D')) result.push(paths.rewrite(word));
    else if (wordOptions.includes(word)) {
      result.push(word, ...(next === undefined ? [] : [next]));
      i++;
    } else {
      const [, name = '', path] = /^(-[^=]*=|)([^-].*)$/s.exec(word) ?? [];
      const isPath = path !== undefined && (name === '' || /^\.{0,2}\//.test(path));
      const found = isPath ? paths.find(absolute(path)) : undefined;
      if (!isPath) result.push(word);
      else if (found === undefined) drop(word, 'no path');
      else result.push(name + found);
    }
  }
  // Before Linux 5.16 a build takes the compiler's own headers (stdarg.h), and no others of the system.
  const ready = bringsHeaders
    ? result.map((w) => (w === '-nostdinc' ? '-nostdlibinc' : w))
    : result;
  return { words: ready, leftOut };
}

/** An option that names a path, and the path. */
function parted(word: string, next: string | undefined): [string, string] | undefined {
  const names = [...directoryOptions, ...fileOptions];
  if (names.includes(word)) return next === undefined ? undefined : [word, next];
  const joined = directoryOptions.find((name) => word.startsWith(name));
  return joined === undefined ? undefined : [joined, word.slice(joined.length)];
}

const together = (option: string, path: string): string[] =>
  option === '-I' ? [`-I${path}`] : [option, path];
