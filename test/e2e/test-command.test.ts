import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build, examples, kbuild, start } from '../support/cli.js';
import { casesOf, misbehaving, outcomesOf, tested } from '../support/tested.js';
import { machine } from '../support/machine.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/until.js';

/** Processes of QEMU that a process has started. */
function guestsOf(process: number): number[] {
  const children = readFileSync(`/proc/${process}/task/${process}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number).filter(isQemu);
}

/** With a kernel: QEMU is asked for its version, too. */
const isQemu = (process: number): boolean =>
  /^\/usr\/bin\/qemu-system-[^]*\0-kernel\0/.test(readFileSync(`/proc/${process}/cmdline`, 'utf8'));

const kernel = ['-k', 'debian:bookworm', '-a', 'x86_64'];

describe('a test that is interrupted', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends within 3 seconds with exit code 130, without a guest, with nothing published',
    async (signal) => {
      const module = misbehaving('sleep_init');
      await build([module, ...kernel, '--out', temporaryDirectory()]); // then it is in the cache
      const out = join(temporaryDirectory(), 'out');
      const child = start(['test', module, ...kernel, '--timeout', '10m', '--out', out]);
      await until(() => guestsOf(child.pid!).length > 0, 'a guest runs', 60_000);
      const [guest] = guestsOf(child.pid!);
      const begun = performance.now();
      child.kill(signal);
      const { exitCode, stderr } = await child;
      expect(performance.now() - begun).toBeLessThan(3000);
      expect(exitCode, stderr).toBe(130);
      expect(stderr).toContain('[INTERRUPTED]');
      expect(existsSync(`/proc/${guest}`)).toBe(false);
      expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
    },
  );
});

/** All programs of this machine but those of QEMU. */
function pathWithoutQemu(): string {
  const directory = temporaryDirectory();
  for (const from of (process.env.PATH ?? '').split(':').filter(existsSync)) {
    for (const name of readdirSync(from)) {
      const link = join(directory, name);
      if (name.startsWith('qemu-') || existsSync(link)) continue;
      try {
        symlinkSync(join(from, name), link);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // a link to nothing
      }
    }
  }
  return directory;
}

describe('a machine without QEMU', () => {
  it('runs that of an image, which uses no KVM', async () => {
    const PATH = pathWithoutQemu();
    const { manifest, exitCode, stderr, out } = await tested([join(examples, 'hello'), ...kernel], {
      env: { PATH },
    });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('image qemu');
    expect(manifest.tests).toMatchObject([{ project: 'hello', accelerator: 'tcg' }]);
    const found = casesOf(manifest).get('hello: load')!;
    expect(outcomesOf(found)).toEqual(['hello loaded']);
    expect(readFileSync(join(out, found.log!), 'utf8')).toContain(
      found.modules[0]!.messages.at(-1)!.text,
    );
  });
});

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe('a QEMU that cannot use KVM', () => {
  it('and ends for want of it is run without', async () => {
    const name = 'qemu-system-x86_64';
    const real = join('/usr/bin', name);
    const directory = temporaryDirectory({
      [name]: `#!/bin/sh
case "$*" in *"-accel kvm"*) touch "$0.asked"; echo "failed to initialize kvm" >&2; exit 1 ;; esac
exec ${real} "$@"
`,
    });
    chmodSync(join(directory, name), 0o755);
    const { manifest, exitCode, stderr } = await tested([join(examples, 'hello'), ...kernel], {
      env: { PATH: `${directory}:${process.env.PATH}`, KBUILD_TS_CACHE_DIR: machine() },
    });
    expect(exitCode, stderr).toBe(0);
    expect(manifest.tests).toMatchObject([{ accelerator: 'tcg', cases: [{ verdict: 'passed' }] }]);
    // Where there is a device, it was tried.
    expect(existsSync(join(directory, `${name}.asked`))).toBe(isUsable('/dev/kvm'));
  });
});

describe('a case that is not there', () => {
  it('is told of before anything is built', async () => {
    const broken = temporaryDirectory({
      'broken.c': '#error it was built\nMODULE_LICENSE("GPL");\n',
    });
    const { exitCode, stderr } = await kbuild(['test', broken, ...kernel, '--case', 'laod']);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain('--case laod: no case has such a name');
    expect(stderr).toContain("Did you mean 'load'?");
    expect(stderr).not.toContain('broken-'); // no job
  });

  it('nor for modules that are there', async () => {
    const { exitCode, stderr } = await kbuild(['test', 'hello.ko', ...kernel, '--case', 'fast']);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain('Known cases: load.');
  });
});
