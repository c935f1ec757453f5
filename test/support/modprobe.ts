import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ModprobePlan } from '../../src/module/modprobe/plan-modprobe.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Where kmod finds modules. */
export interface ModprobeRoot {
  root: string;
  release: string;
  /** modprobe.d: texts by the names of the files. */
  config?: Record<string, string>;
}

/** What `modprobe --show-depends` prints, without the directory and with one blank between words. */
export interface ShownDepends {
  status: number | null;
  lines: string[];
  /** What it complains of. */
  messages: string[];
}

/** Asks kmod's modprobe what it would do; without a configuration of this machine's. */
export function modprobe(
  { root, release, config = {} }: ModprobeRoot,
  args: string[],
): ShownDepends {
  const fixed = ['-d', root, '-S', release, '-C', temporaryDirectory(config), '--show-depends'];
  const run = spawnSync('modprobe', [...fixed, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, MODPROBE_OPTIONS: '' },
  });
  const tree = `${join(root, 'lib/modules', release)}/`;
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  return {
    status: run.status,
    lines: lines(run.stdout.replaceAll(tree, '')).map((line) => line.replace(/ +/g, ' ').trim()),
    messages: lines(run.stderr),
  };
}

/** The same for many names, one after the other, in one process: the lines for each. */
export function modprobeEach(where: ModprobeRoot, names: readonly string[]): string[][] {
  // What stands between two names prints a line that no module does.
  const config = { ...where.config, 'a.conf': 'install next_name the next name' };
  const args = ['-a', ...names.flatMap((name) => [name, 'next_name'])];
  const { lines } = modprobe({ ...where, config }, args);
  const each: string[][] = [[]];
  for (const line of lines) {
    if (line === 'install the next name') each.push([]);
    else each.at(-1)!.push(line);
  }
  return each.slice(0, -1);
}

/** kmod shows a module again for each that needs it; it is loaded once. */
export function eachOnce(lines: readonly string[]): string[] {
  const isModule = (line: string) => /^(insmod|builtin) /.test(line);
  const module = (line: string) => line.split(' ').slice(0, 2).join(' ');
  const seen = new Set<string>();
  return lines.filter((line) => {
    if (!isModule(line)) return true;
    const known = seen.has(module(line));
    seen.add(module(line));
    return !known;
  });
}

/** A plan in the words of `modprobe --show-depends`, but for built-in modules, of which it says nothing here. */
export function shown(plan: ModprobePlan): string[] {
  const steps = plan.outcome === 'planned' ? plan.steps : [];
  return steps.map((step) =>
    [step.action, step.action === 'insmod' ? step.path : step.command, ...step.parameters].join(
      ' ',
    ),
  );
}
