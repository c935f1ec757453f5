/** What Kbuild wrote down about one file that it made: its record, `.<name>.cmd` beside the file. */
export interface CommandFile {
  /** The file that was made, as Kbuild names it: absolute, or relative to where make ran. */
  target: string;
  /** The command as the shell was given it. */
  command: string;
  /** What was compiled; absent for what was not (a linked object, `modules.order`). */
  source?: string;
  /**
   * The files that the compiler read besides: each once, in their order, named as the target is. The
   * marks of configuration options (`include/config/…`) are not among them: they are the KDIR's.
   */
  dependencies: string[];
}

/**
 * Reads Kbuild's record of a file that it made (scripts/Kbuild.include `make-cmd`,
 * scripts/basic/fixdep.c). It is a makefile: `cmd_<target> := …`, since Linux 6.2
 * `savedcmd_<target> := …`; `source_<target>` and `deps_<target>` where a file was compiled.
 * @returns undefined for a text that is no such record: builds are not to be trusted
 */
export function parseCommandFile(text: string): CommandFile | undefined {
  const values = new Map<string, string>();
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    const at = line.indexOf(' := ');
    if (at !== -1) values.set(line.slice(0, at), line.slice(at + 4));
  }
  for (const [name, value] of values) {
    const [, target] = /^(?:saved)?cmd_(.+)$/.exec(name) ?? [];
    if (target === undefined) continue;
    const source = values.get(`source_${target}`)?.trim();
    const read = (values.get(`deps_${target}`) ?? '').replaceAll(/\$\(wildcard [^)]*\)/g, ' ');
    const dependencies = new Set(read.split(/\s+/).filter(Boolean).map(path));
    return {
      target,
      command: fromMake(value.trim()),
      ...(source !== undefined && { source: path(source) }),
      dependencies: [...dependencies],
    };
  }
  return undefined;
}

/** Undoes what keeps make from reading a command as its own. */
const fromMake = (text: string): string =>
  text.replaceAll(/\$\$|\$\(pound\)/g, (escaped) => (escaped === '$$' ? '$' : '#'));

/** A path, which fixdep takes over as the compiler escaped it. */
const path = (text: string): string => fromMake(text.replaceAll('\\#', '#'));
