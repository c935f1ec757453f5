import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from '../../../../test/support/source-kernel-fake.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory, writeTree } from '../../../../test/support/temporary-directory.js';
import { archByName } from '../../../arch/arch.js';
import type { KernelToolchain, ProviderContext, ScriptRun } from '../port.js';
import { describeSource } from './description.js';
import { prepareSource } from './prepare-source.js';
import { home } from './scripts.js';

const arch = archByName('x86_64');

/** Does what the scripts of a kernel do, without a container: the tests of e2e have those. */
function run({ script, mounts, onLine }: ScriptRun) {
  const writable = mounts.find((mount) => mount.writable) ?? { source: '', target: '' };
  const [, unpacked] = /^mv "\$tree" (\S+)$/m.exec(script) ?? [];
  if (writable.target === home && unpacked !== undefined) {
    writeTree(join(writable.source, unpacked), fakeKernel());
  } else {
    writeTree(writable.source, {
      Makefile: `include ${mounts[0]?.target ?? ''}/Makefile\n`,
      '.config': 'CONFIG_X86_64=y\nCONFIG_MODULES=y\n',
      'include/generated/autoconf.h': '',
      'scripts/basic/fixdep': readFileSync('/bin/true'),
      'scripts/mod/modpost': readFileSync('/bin/true'),
      'include/generated/utsrelease.h': '#define UTS_RELEASE "6.1.99"\n',
    });
  }
  onLine('done');
  return Promise.resolve({ end: 'exited' as const, exitCode: 0, stdout: Buffer.alloc(0) });
}

const unused = () => Promise.reject(new Error('not in this test'));

function contextOf(cache: string): ProviderContext {
  const scratch = join(cache, 'scratch');
  mkdirSync(scratch, { recursive: true });
  const toolchain: KernelToolchain = { name: 'gcc-12', image: 'x', make: ['ARCH=x86_64'], run };
  return {
    ...{ cache, scratch, repositories: [], offline: false, allowExpired: false },
    emit: () => undefined,
    signal: new AbortController().signal,
    runInSuite: unused,
    runInImage: unused,
    toolchain: () => toolchain,
  };
}

describe('prepareSource', () => {
  it('notes that a kernel and its source are used, each time that they are', async () => {
    const directory = temporaryDirectory({ 'linux.tar': '', 'key.pem': 'a key' });
    const description = await describeSource(
      { source: 'linux.tar', build: 'prepare' },
      { directory, name: 'a description' },
    );
    const context = contextOf(temporaryDirectory());
    const first = await prepareSource(description, arch, context);
    // <cache>/kernels/source/<key>/root/usr/src/kbuild-ts/<key12>, and as deep for the source
    const kept = [first.directory, first.source].map((path) => join(path, '../../../../..'));
    for (const path of kept) utimesSync(path, 0, 0);
    const second = await prepareSource(description, arch, context);
    expect([first.fromCache, second.fromCache]).toEqual([false, true]);
    for (const path of kept) expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(60_000);
  });

  it('is no kernel, and leaves nothing of one, where the disk was full for its log', async () => {
    const directory = temporaryDirectory({ 'linux.tar': '' });
    const place = { directory, name: 'a description' };
    const description = await describeSource({ source: 'linux.tar', build: 'prepare' }, place);
    const context = contextOf(temporaryDirectory());
    const { directory: kdir } = await prepareSource(description, arch, context);
    const kept = join(kdir, '../../../../..');
    rmSync(kept, { recursive: true });
    symlinkSync('/dev/full', join(dirname(kept), 'logs', `${basename(kdir)}.log`));
    const error = await kbuildErrorOf(() => prepareSource(description, arch, context));
    expect([error.code, error.message]).toEqual([
      'STORAGE_FAILED',
      expect.stringContaining('ENOSPC'),
    ]);
    expect(readdirSync(dirname(kept))).toEqual(['logs']);
  });
});
