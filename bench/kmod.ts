import { join } from 'node:path';
import { execa } from 'execa';
import glob from 'fast-glob';
import { debianImage } from '../test/support/debian-image.js';
import type { Bench, Measured } from './group.js';
import { race, sampleOf, type Contestant } from './measure.js';
import type { Row } from './row.js';

/** What reads modules, beside kmod on the same tree: all of Debian's kernel for arm64. */
export async function kmodRows({ bin, runs }: Bench): Promise<Measured> {
  const image = await debianImage('bookworm', 'arm64');
  const modules = (await glob('**/*.ko', { cwd: image.modules, absolute: true })).sort();
  const root = image.modules.replace(/\/(usr\/)?lib\/modules\/.*$/, '');
  const pairs: [string, string[], Contestant][] = [
    [
      `inspect of ${modules.length} modules, without symbols`,
      ['inspect', image.modules],
      { name: 'modinfo', command: ['modinfo', ...modules] },
    ],
    [
      'deps --modules-dep of the same',
      ['deps', image.modules, '--modules-dep'],
      { name: 'depmod -n', command: ['depmod', '-n', '-b', root, image.release] },
    ],
  ];
  const rows: Row[] = [];
  for (const [what, args, theirs] of pairs) {
    const ours: Contestant = { name: what, command: ['node', bin, ...args] };
    const [measured, baseline] = await race([ours, theirs], { runs });
    const goal = { times: 2 };
    rows.push({ what, against: theirs.name, measured: measured!, baseline: baseline!, goal });
  }
  return { rows };
}

/** The most memory that commands take over all modules of a kernel. */
export async function memoryRows({ bin, workplace }: Bench): Promise<Measured> {
  const image = await debianImage('bookworm', 'arm64');
  const commands = [
    ['inspect', image.modules],
    ['inspect', image.modules, '--json'],
    ['verify', image.modules, '--kernel', image.ref, '--kernel-image', image.vmlinuz],
    ['deps', image.modules, '--out', join(workplace.directory, 'deps')],
  ];
  const rows: Row[] = [];
  for (const command of commands) {
    const shown = command.filter((word) => !word.startsWith('/')).join(' ');
    const what = `${shown}, over all modules: peak memory`;
    const measured = sampleOf(what, [await peakMemory(bin, command)], 'MiB');
    rows.push({ what, measured, goal: { atMost: 400 } });
  }
  return { rows };
}

/** Prints the most memory that a process had, in KiB, on stderr as its last line. */
const hook =
  'data:text/javascript,process.on("exit",()=>console.error("\\n"+process.resourceUsage().maxRSS))';

/** The most memory that a command of kbuild-ts has, in MiB. */
export async function peakMemory(
  bin: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<number> {
  const command = ['--import', hook, bin, ...args];
  const { stderr } = await execa('node', command, { env, maxBuffer: 2 ** 28 });
  return Number(stderr.trim().split('\n').at(-1)) / 1024;
}
