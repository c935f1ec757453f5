import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  aptIndexText,
  bookwormKernel,
  fileOf,
  type Stanza,
} from '../../test/support/apt-stanza.js';
import { fakeApt } from '../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { archByName } from '../arch/arch.js';
import { busyboxFor } from './busybox.js';

const arm64 = archByName('arm64');
const busybox = (arch: string, version = '1:1.35.0-4+b1'): Stanza => ({
  name: 'busybox-static',
  version,
  arch,
});
const archive = (...stanzas: Stanza[]) => ({
  index: aptIndexText(...bookwormKernel('6.1.0-56', '6.1.192-2'), ...stanzas),
  packages: Object.fromEntries(stanzas.map((one) => [fileOf(one), { 'bin/busybox': fileOf(one) }])),
});

describe('busyboxFor', () => {
  it('fetches the arch’s newest, once', async () => {
    const [old, amd64, wanted] = [busybox('arm64', '1:1.9-1'), busybox('amd64'), busybox('arm64')];
    const { context, downloads, runs } = fakeApt(archive(old, amd64, wanted));
    const path = await busyboxFor(arm64, context);
    expect(path).toMatch(
      /packages\/busybox-static_1%3A1\.35[^/]*_arm64_[^/]*\/root\/bin\/busybox$/,
    );
    expect(downloads).toEqual([fileOf(wanted)]);
    const before = runs.length;
    rmSync(join(context.cache, 'repositories'), { recursive: true });
    expect(await busyboxFor(arm64, { ...context, offline: true })).toBe(path);
    expect(runs).toHaveLength(before);
    const error = await kbuildErrorOf(() =>
      busyboxFor(archByName('x86_64'), { ...context, offline: true }),
    );
    expect(error.code).toBe('FETCH_FAILED');
  });

  it('says so where the repository has none', async () => {
    const error = await kbuildErrorOf(() => busyboxFor(arm64, fakeApt(archive()).context));
    expect([error.code, error.message]).toEqual([
      'FETCH_FAILED',
      'debian:bookworm has no busybox-static (arm64)',
    ]);
    const other = busybox('arm64');
    const packages = { [fileOf(other)]: { 'bin/other': '' } };
    const { context } = fakeApt({ ...archive(other), packages });
    const wrong = await kbuildErrorOf(() => busyboxFor(arm64, context));
    expect(wrong.message).toContain('with /bin/busybox in it');
  });
});
