import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../src/artifact/manifest-schema.js';
import { examples } from '../support/cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { casesOf, codesOf, misbehaving, outcomesOf, placeIn, tested } from '../support/tested.js';

/** What is to be said of a module. */
interface Expected {
  codes: string[];
  outcome: string;
  end?: string;
  /** Kinds of what the kernel reports, each once. */
  kinds?: string[];
  /** What the first report's stack must name. */
  place?: string;
  /** Flags besides those of an out-of-tree, unsigned module. */
  taint?: string;
}

const reported = (kind: string, changes: Partial<Expected> = {}): Expected => ({
  codes: ['KERNEL_REPORT'],
  outcome: 'loaded',
  kinds: [kind],
  ...changes,
});

const oops = reported('oops', {
  outcome: 'unfinished SIGKILL',
  place: placeIn('oops_init', 'WRITE_ONCE('),
  taint: 'D',
});

/** On both archs; those that hang or flood take their time, and are tried on one. */
const onAny: Record<string, Expected> = {
  hello: { codes: [], outcome: 'loaded' },
  no_device: { codes: [], outcome: 'no device ENODEV' },
  leaves_proc: { codes: ['LEFT_BEHIND'], outcome: 'loaded' },
  warn_init: reported('warning', { place: placeIn('warn_init', 'WARN('), taint: 'W' }),
  panic_init: {
    codes: ['PANIC'],
    outcome: 'unfinished',
    end: 'panic',
    kinds: ['panic'],
    place: placeIn('panic_init', 'panic("'),
  },
};

const expected: Record<string, Record<string, Expected>> = {
  x86_64: {
    ...onAny,
    oops_init: oops,
    bug_init: reported('bug', {
      outcome: 'unfinished SIGSEGV',
      place: placeIn('bug_init', 'BUG_ON('),
      taint: 'D',
    }),
    picky_parameter: { codes: [], outcome: 'loaded' },
    stays_loaded: { codes: ['UNLOAD_REFUSED'], outcome: 'loaded' },
    // It comes back with another count of locks than it went with, and the kernel warns of that too.
    atomic_sleep: reported('atomic', {
      kinds: ['atomic', 'warning'],
      place: placeIn('atomic_sleep', 'msleep('),
      taint: 'W',
    }),
    flood_init: { codes: ['FLOOD'], outcome: 'unfinished', end: 'flood' },
    sleep_init: {
      codes: ['HANG', 'KERNEL_REPORT'],
      outcome: 'unfinished',
      end: 'hang',
      kinds: ['hung-task'],
      place: placeIn('sleep_init', 'wait_for_completion('),
    },
    spin_init: {
      codes: ['HANG', 'KERNEL_REPORT'],
      outcome: 'unfinished',
      end: 'hang',
      kinds: ['lockup'],
      place: placeIn('spin_init', 'cpu_relax('),
    },
  },
  arm64: { ...onAny, oops_init: { ...oops, outcome: 'unfinished SIGSEGV' } },
};

describe.each(Object.entries(expected))('modules that misbehave (Debian 6.1, %s)', (arch, all) => {
  it('get their verdicts, and the run goes on', async () => {
    const junit = join(temporaryDirectory(), `${arch}.xml`);
    const directories = Object.keys(all).map((name) =>
      name === 'hello' ? join(examples, name) : misbehaving(name),
    );
    const { manifest, exitCode, stderr, out } = await tested([
      ...[...directories, '-k', 'debian:bookworm', '-a', arch],
      ...['--timeout', '6s', '--junit', junit],
    ]);
    expect(exitCode, stderr).toBe(1);
    expect(manifestSchema.parse(manifest)).toEqual(manifest);
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).toEqual(manifest);

    const cases = casesOf(manifest);
    expect(cases.size).toBe(directories.length);
    for (const [name, want] of Object.entries(all)) {
      const found = cases.get(`${name}: load`)!;
      const { codes, outcome, end = 'completed', kinds = [], place, taint = '' } = want;
      const isPassed = codes.length === 0;
      const seen = {
        verdict: found.verdict,
        codes: codesOf(found),
        end: found.end,
        outcomes: outcomesOf(found),
        kinds: [...new Set(found.reports.map(({ kind }) => kind))],
      };
      expect(seen, `${name}: ${JSON.stringify(found.reasons)}`).toEqual({
        verdict: isPassed ? 'passed' : 'failed',
        codes,
        end,
        outcomes: [`${name} ${outcome}`],
        kinds,
      });
      expect(found.milliseconds, name).toBeGreaterThan(0);
      if (end === 'completed') {
        const set = found.taint.after.letters.replaceAll(/[OE]/g, '');
        expect(set, name).toBe(taint);
      }
      if (place !== undefined) {
        const [report] = found.reports;
        const sources = report!.stack.map(({ source = '' }) => source);
        expect(
          sources.some((source) => source.includes(place)),
          `${place} in ${sources.join()}`,
        ).toBe(true);
      }
      // What it said and what came of it is in the console that is kept.
      const log = readFileSync(join(out, found.log!), 'utf8');
      for (const report of found.reports) expect(log).toContain(report.title);
    }
    expect(cases.get('leaves_proc: load')?.leftBehind).toEqual(['/proc/leaves_proc']);

    const xml = readFileSync(junit, 'utf8');
    const failing = Object.entries(all).filter(([, { codes }]) => codes.length > 0);
    expect(xml.match(/<testcase /g)).toHaveLength(directories.length);
    for (const code of new Set(failing.flatMap(([, { codes }]) => codes))) {
      expect(xml).toContain(`type="${code}"`);
    }
    expect(existsSync(join(out, 'logs'))).toBe(true);
  });
});

describe('a script that the kernel oopses under', () => {
  it('and that does not end is told of by the oops first', async () => {
    const directory = misbehaving('oops_write');
    const { manifest, exitCode, stderr } = await tested([
      ...[directory, '-k', 'debian:bookworm', '-a', 'x86_64', '--timeout', '3s'],
    ]);
    expect(exitCode, stderr).toBe(1);
    const found = casesOf(manifest).get('oops_write: a script that oopses')!;
    expect(found.end).toBe('hang');
    expect(codesOf(found)).toEqual(['KERNEL_REPORT', 'HANG']);
    expect(found.reasons[0]?.text).toContain('an oops');
    expect(found.script?.output).toContain('before');
    expect(found.script).not.toHaveProperty('exitCode');
  });
});
