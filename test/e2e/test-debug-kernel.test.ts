import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestCaseRecord } from '../../src/artifact/test-record-schema.js';
import { examples } from '../support/cli.js';
import { debugKernel, type DebugKernel } from '../support/debug-kernel.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { casesOf, codesOf, misbehaving, outcomesOf, placeIn, tested } from '../support/tested.js';

/** What is to be said of a module. */
interface Expected {
  /** Kinds of what the kernel reports, each once. */
  kinds: string[];
  /** Of the first report. */
  title: RegExp;
  /** A place of the module in its stack, and a place of the kernel's: by the function. */
  place?: string;
  kernel?: [symbol: string, file: RegExp];
  outcome?: string;
  codes?: string[];
  end?: string;
}

const initCall: [string, RegExp] = ['do_one_initcall', /^init\/main\.c:\d+$/];

const expected: Record<string, Expected> = {
  out_of_bounds: {
    kinds: ['kasan'],
    title: /^BUG: KASAN: slab-out-of-bounds in memchr_inv\+/,
    place: placeIn('out_of_bounds', 'memchr_inv('),
    kernel: ['memchr_inv', /^lib\/string\.c:\d+$/],
  },
  use_after_free: {
    kinds: ['kasan'],
    title: /^BUG: KASAN: use-after-free in print_counter\+.* \[use_after_free\]$/,
    place: placeIn('use_after_free', 'pr_info("%d'),
    kernel: ['__x64_sys_delete_module', /^kernel\/module\/main\.c:\d+/],
  },
  bad_index: {
    kinds: ['ubsan'],
    title: /^UBSAN: array-index-out-of-bounds in \S+bad_index\.c:\d+:\d+$/,
    place: placeIn('bad_index', 'values[index]'),
    kernel: initCall,
  },
  bad_shift: {
    kinds: ['ubsan'],
    title: /^UBSAN: shift-out-of-bounds in \S+bad_shift\.c:\d+:\d+$/,
    place: placeIn('bad_shift', '1 <<'),
    kernel: initCall,
  },
  lock_order: {
    kinds: ['lockdep'],
    title: /^WARNING: possible circular locking dependency detected$/,
    place: placeIn('lock_order', 'the other way round'),
    kernel: ['__mutex_lock', /^kernel\/locking\/mutex\.c:\d+/],
  },
  keeps_lock: {
    kinds: ['lockdep'],
    title: /^WARNING: lock held when returning to user space!$/,
    place: placeIn('keeps_lock', 'mutex_lock('),
  },
  no_rcu_lock: {
    kinds: ['lockdep'],
    title: /^WARNING: suspicious RCU usage$/,
    place: placeIn('no_rcu_lock', 'rcu_dereference('),
    kernel: initCall,
  },
  atomic_alloc: {
    kinds: ['atomic'],
    title:
      /^BUG: sleeping function called from invalid context at include\/linux\/sched\/mm\.h:\d+$/,
    place: placeIn('atomic_alloc', 'kmalloc('),
    kernel: ['kmalloc_trace', /^mm\/slab_common\.c:\d+$/],
  },
  rcu_stall: {
    kinds: ['rcu'],
    title: /^rcu: INFO: rcu_sched (?:self-)?detected stalls?/,
    place: placeIn('rcu_stall', 'read_for_long();'),
    kernel: initCall,
  },
  sleep_init: {
    kinds: ['hung-task'],
    codes: ['HANG', 'KERNEL_REPORT'],
    end: 'hang',
    outcome: 'unfinished',
    title: /^INFO: task \w+:\d+ blocked for more than \d+ seconds\.$/,
    place: placeIn('sleep_init', 'wait_for_completion('),
    kernel: ['schedule', /^kernel\/sched\/core\.c:\d+/],
  },
};

/** `mm/slub.c:12 mm/slab.h:34` as scripts/decode_stacktrace.sh has it of a frame; undefined where it knows nothing. */
function decodedByKernel({ vmlinux, source }: DebugKernel, frames: readonly string[]) {
  const script = join(source, 'scripts/decode_stacktrace.sh');
  const input = frames.map((frame) => ` ${frame}\n`).join('');
  const output = execFileSync('bash', [script, vmlinux], { input, encoding: 'utf8' });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => / \((?<places>.*)\) *$/.exec(line)?.groups?.places)
    .map((places) =>
      places?.replaceAll(/ \(discriminator \d+\)/g, '').replaceAll(' ', ', inlined at '),
    );
}

/** Of a frame that is no interrupted one, the place before the one that it names, as ours are. */
const callOf = ({ text, interrupted }: { text: string; interrupted?: true | undefined }): string =>
  text.replace(/\+0x([0-9a-f]+)\//, (whole, offset: string) =>
    interrupted === true || /^0+$/.test(offset)
      ? whole
      : `+0x${(Number.parseInt(offset, 16) - 1).toString(16)}/`,
  );

const kernelFrames = ({ reports }: TestCaseRecord) =>
  reports
    .flatMap(({ stack }) => stack)
    .filter(({ text }) => /\+0x/.test(text) && !text.endsWith(']'));

let kernel: DebugKernel;

beforeAll(async () => {
  kernel = await debugKernel(); // takes minutes, once
});

describe('a kernel that looks for faults', () => {
  let cases: Map<string, TestCaseRecord>;

  beforeAll(async () => {
    const run = await tested([
      ...[join(examples, 'hello'), ...Object.keys(expected).map(misbehaving)],
      ...['-k', kernel.ref, '-a', 'x86_64'],
    ]);
    expect(run.exitCode, run.stderr).toBe(1);
    cases = casesOf(run.manifest);
  });

  it('has nothing to say of a module that has none', () => {
    const hello = cases.get('hello: load')!;
    expect(hello.reasons).toEqual([]);
    expect(hello.verdict).toBe('passed');
  });

  it.each(Object.entries(expected))('finds what is wrong with %s, and where', (name, want) => {
    const found = cases.get(`${name}: load`)!;
    const { codes = ['KERNEL_REPORT'], end = 'completed', outcome = 'loaded' } = want;
    expect({
      verdict: found.verdict,
      codes: codesOf(found),
      end: found.end,
      outcomes: outcomesOf(found),
      kinds: [...new Set(found.reports.map(({ kind }) => kind))],
    }).toEqual({
      verdict: 'failed',
      codes,
      end,
      outcomes: [`${name} ${outcome}`],
      kinds: want.kinds,
    });
    const [report] = found.reports;
    expect(report!.title).toMatch(want.title);
    const sources = report!.stack.map(({ source = '' }) => source);
    if (want.place !== undefined) expect(sources.join('\n')).toContain(want.place);
    if (want.kernel === undefined) return;
    const [symbol, file] = want.kernel;
    const frame = report!.stack.find(({ text }) => text.startsWith(`${symbol}+`));
    expect(frame?.source, report!.stack.map(({ text }) => text).join('\n')).toMatch(file);
  });

  it('has the places of its own functions where its own script finds them', () => {
    const frames = [...cases.values()].flatMap(kernelFrames);
    const theirs = decodedByKernel(kernel, frames.map(callOf));
    expect(frames.length).toBeGreaterThan(50);
    for (const [i, { text, source }] of frames.entries())
      expect(`${text} ${source}`).toBe(`${text} ${theirs[i]}`);
  });
});

describe('a proprietary module, with which lockdep turns itself off', () => {
  it('takes nothing from the case after it', async () => {
    const directory = temporaryDirectory({
      Kbuild: 'obj-m := closed.o\n',
      'closed.c': moduleSource().replace('"GPL"', '"Proprietary"'),
    });
    const { manifest } = await tested([
      ...[directory, misbehaving('no_rcu_lock')],
      ...['-k', kernel.ref, '-a', 'x86_64'],
    ]);
    const [closed, faulty] = [...casesOf(manifest).values()];
    expect(closed!.verdict, JSON.stringify(closed!.reasons)).toBe('passed');
    expect(closed!.taint.after.letters).toContain('P');
    expect(faulty!.reports.map(({ kind }) => kind)).toEqual(['lockdep']);
    expect(faulty!.taint.before.letters).not.toContain('P');
  });
});

describe('memory that nobody frees', () => {
  it('is found after the module is gone, and is that module’s fault alone', async () => {
    const { manifest, exitCode, stderr } = await tested([
      ...[misbehaving('leaks_memory'), join(examples, 'hello')],
      ...['-k', kernel.ref, '-a', 'x86_64', '--append', 'kmemleak=on'],
      ...['--memory', '192m', '--timeout', '100s'], // it reads all memory, several times
    ]);
    expect(exitCode, stderr).toBe(1);
    const cases = casesOf(manifest);
    expect(cases.get('hello: load')?.reasons).toEqual([]);
    const leaks = cases.get('leaks_memory: load')!;
    expect(leaks.unloads).toMatchObject([{ module: 'leaks_memory' }]);
    expect(codesOf(leaks)).toEqual(['KERNEL_REPORT']);
    expect(leaks.reports.map(({ kind }) => kind)).toEqual(['kmemleak']);
    const [report] = leaks.reports;
    expect(report!.lines.map(({ text }) => text).join('\n')).toMatch(/comm "(?:busybox|insmod)"/);
    const frame = report!.stack.find(({ text }) => text.startsWith('kstrdup+'));
    expect(frame?.source).toMatch(/^mm\/util\.c:\d+$/);
    const theirs = decodedByKernel(kernel, kernelFrames(leaks).map(callOf));
    expect(kernelFrames(leaks).map(({ source }) => source)).toEqual(theirs);
  });
});
