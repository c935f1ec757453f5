import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CommandRecord } from '../../src/engine/compile-database/compile-commands.js';
import type { Job } from '../../src/plan/job.js';
import { kernelScript } from './kernel-script.js';
import { temporaryDirectory } from './temporary-directory.js';

/** An entry of the kernel's own compile_commands.json, its command parted by Python's shlex. */
export interface KernelEntry {
  file: string;
  words: string[];
}

const split = `import json, shlex, sys
print(json.dumps([{"file": e["file"], "words": shlex.split(e["command"])} for e in json.load(open(sys.argv[1]))]))`;

/**
 * What the kernel's own scripts/clang-tools/gen_compile_commands.py makes of Kbuild's records. It wants all
 * files where the records say: these are moved below a directory, in which the kernel's files are linked.
 */
export async function genCompileCommands(
  job: Job,
  records: readonly CommandRecord[],
): Promise<KernelEntry[]> {
  const root = temporaryDirectory();
  const link = (source: string, target: string) => {
    mkdirSync(dirname(root + target), { recursive: true });
    symlinkSync(source, root + target);
  };
  for (const { source, target } of job.kdir.mounts) link(source, target);
  const { project, placement } = job.source;
  link(project.directory, `/build/${placement}`);
  const objects = temporaryDirectory();
  for (const [i, { object, text }] of records.entries()) {
    const moved = text.replaceAll(/(?<![\w.-])\/(?:build|usr)\//g, (path) => root + path);
    mkdirSync(join(objects, String(i)));
    writeFileSync(join(objects, String(i), `.${basename(object)}.cmd`), moved);
  }
  const script = await kernelScript('scripts/clang-tools/gen_compile_commands.py');
  const output = join(objects, 'theirs.json');
  execFileSync('python3', [script, '-d', root + job.kdir.path, '-o', output, objects]);
  const entries = execFileSync('python3', ['-c', split, output], { encoding: 'utf8' });
  const theirs = JSON.parse(entries) as KernelEntry[];
  return theirs.map(({ file, words }) => ({
    file: file.replace(root, ''),
    // It leaves make's $$ as it is.
    words: words.map((word) => word.replaceAll(root, '').replaceAll('$$', '$')),
  }));
}
