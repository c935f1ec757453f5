import { posix } from 'node:path';
import { archByName } from '../../arch/arch.js';
import type { Job } from '../../plan/job.js';
import { parseCommandFile } from '../kbuild-command.js';
import { editorArguments, type LeftOut } from './editor-arguments.js';
import { leftOut, type EditorOptions } from './editor-options.js';
import type { HostPaths } from './host-paths.js';
import { firstCommandWords } from './shell-words.js';

/** An object of a build, and Kbuild's record of it. */
export interface CommandRecord {
  /** Where the object lay: an absolute path of the build. */
  object: string;
  /** The text of its `.cmd` file. */
  text: string;
}

/** One entry of a compilation database (https://clang.llvm.org/docs/JSONCompilationDatabase.html). */
export interface CompileCommand {
  directory: string;
  file: string;
  arguments: string[];
  output: string;
}

export interface CompileDatabase {
  /** Sorted by file. */
  entries: CompileCommand[];
  /** What was left out of any of them, each once. */
  leftOut: LeftOut[];
  /** Files that sources read and that only a build makes: where they would lie. */
  generated: string[];
}

export interface DatabaseContext {
  /** Of the job's build. */
  paths: HostPaths;
  editor: EditorOptions;
  /** Of the compiler that built. */
  family: 'gcc' | 'clang';
}

/**
 * How the sources of a job's projects are compiled, for an editor on this machine. Of a record that does
 * not say it, of what Kbuild generates for each module, and of the kernel's own files there is no entry.
 */
export function compileCommands(
  job: Job,
  records: readonly CommandRecord[],
  { paths, editor, family }: DatabaseContext,
): CompileDatabase {
  const isForeign = leftOut(editor, family);
  const target = `--target=${archByName(job.arch).triple}`;
  const entries: CompileCommand[] = [];
  const omitted = new Map<string, LeftOut>();
  const generated = new Set<string>();
  for (const { object, text } of records) {
    const record = parseCommandFile(text);
    if (record?.source === undefined || !/\.[cS]$/.test(record.source)) continue;
    // Before Linux 6.13 make runs in the KDIR and names objects by whole paths.
    const isWhole = posix.isAbsolute(record.target);
    const directory = isWhole ? job.kdir.path : directoryOf(object, record.target);
    const absolute = (path: string) => posix.resolve(directory, path);
    const own = paths.findOwn(absolute(record.source));
    if (own === undefined || record.source.endsWith('.mod.c')) continue;
    const file = paths.find(absolute(record.source));
    const isMissing = (path: string) => paths.find(path) === undefined;
    for (const read of [record.source, ...record.dependencies].map(absolute).filter(isMissing)) {
      const place = paths.findOwn(read);
      if (place !== undefined) generated.add(place);
    }
    if (file === undefined) continue;
    const [, ...words] = compilerFirst(firstCommandWords(record.command));
    const said = editorArguments(words, record.source, directory, paths, isForeign);
    for (const option of said.leftOut) omitted.set(option.option, option);
    const hasTarget = words.some((word) => /^--?target(=|$)/.test(word));
    entries.push({
      directory: job.source.project.directory,
      file,
      arguments: ['clang', ...(hasTarget ? [] : [target]), ...said.words, ...editor.add, file],
      output: paths.findOwn(object) ?? object,
    });
  }
  return {
    entries: entries.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0)),
    leftOut: [...omitted.values()],
    generated: [...generated].sort(),
  };
}

/** The directory in which an object of this name lies at this path. */
function directoryOf(object: string, target: string): string {
  const relative = posix.normalize(target);
  return object.endsWith(`/${relative}`)
    ? object.slice(0, -relative.length - 1)
    : posix.dirname(object);
}

/** Without assignments and programs that stand before the compiler, as ccache does. */
function compilerFirst(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => /(^|[/-])(gcc|clang|cc)(-[\d.]+)?$/.test(word));
  return at === -1 ? words : words.slice(at);
}
