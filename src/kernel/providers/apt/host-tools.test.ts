import { readFileSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aptIndexText, fileOf, type Stanza } from '../../../../test/support/apt-stanza.js';
import { fakeApt } from '../../../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { hostArch } from '../../../arch/arch.js';
import type { ErrorCode } from '../../../errors/codes.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import type { RunOutcome } from '../../../runtime/port.js';
import { shippedRepositories } from '../../repository.js';
import { aptIndex } from './apt.js';
import { fetchHostTools } from './host-tools.js';

const kbuild = (version: string, arch = hostArch().debian): Stanza => ({
  ...{ name: 'linux-kbuild-6.1', version, arch },
});

const other = hostArch().debian === 'arm64' ? 'amd64' : 'arm64';

/** Of Debian, three repositories; each has what is said, or fails with a code. */
function archives(has: Record<string, Stanza[] | ErrorCode>) {
  const stanzas = Object.values(has).flatMap((one) => (typeof one === 'string' ? [] : one));
  const packages = Object.fromEntries(
    stanzas.map((item) => [fileOf(item), { 'usr/lib/tools': item.version }]),
  );
  const apt = fakeApt({ index: undefined, packages });
  const { runInSuite } = apt.context;
  const asked: string[] = [];
  apt.context.repositories = shippedRepositories().filter(
    ({ distribution, name }) => distribution === 'debian' && name in has,
  );
  apt.context.runInSuite = (suite, run) => {
    if (run.script.includes('download-file')) return runInSuite(suite, run);
    const name = run.title.replace('apt for debian:', '');
    asked.push(name);
    const answer = has[name] ?? [];
    if (typeof answer === 'string') throw new KbuildError(answer, `${name} has failed`, '');
    const stdout = Buffer.from(aptIndexText(...answer));
    return Promise.resolve<RunOutcome>({ end: 'exited', exitCode: 0, stdout });
  };
  return { ...apt, asked };
}

const fetched = async (apt: ReturnType<typeof archives>, version?: string) => {
  const root = await fetchHostTools('linux-kbuild-6.1', version, apt.context);
  expect(basename(root)).toBe('root');
  return readFileSync(join(root, 'usr/lib/tools'), 'utf8');
};

const three = {
  bookworm: [kbuild('6.1.9-1'), kbuild('6.1.10-1'), kbuild('6.1.99-1', other)],
  bullseye: [kbuild('6.1.8-1')],
  sid: [{ ...kbuild('6.12.1-1'), name: 'linux-kbuild-6.12' }],
};

describe('fetchHostTools', () => {
  it.each(['6.1.9-1', '6.1.10-1', '6.1.8-1'])(
    'takes the version %s from whichever repository has it',
    async (version) => {
      const apt = archives(three);
      expect(await fetched(apt, version)).toBe(version);
      expect(apt.downloads).toHaveLength(1);
    },
  );

  it.each([undefined, '6.1.55-1', '6.1.99-1'])(
    'takes the newest for this machine where none has %s',
    async (version) => {
      expect(await fetched(archives(three), version)).toBe('6.1.10-1');
    },
  );

  it('asks first those whose index is here, and no more once one has the version', async () => {
    const apt = archives(three);
    const bullseye = apt.context.repositories.find(({ name }) => name === 'bullseye');
    if (bullseye?.manager !== 'apt') throw new Error('there is no such repository');
    await aptIndex(bullseye, apt.context);
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(apt.context.cache, 'repositories/debian/bullseye/index'), hourAgo, hourAgo);
    expect(await fetched(apt, '6.1.8-1')).toBe('6.1.8-1');
    expect(apt.asked).toEqual(['bullseye']);
    expect(await fetched(apt, '6.1.9-1')).toBe('6.1.9-1');
    expect(apt.asked).toContain('bookworm');
  });

  it.each(['FETCH_FAILED', 'IMAGE_BUILD_FAILED'] as const)(
    'passes over a repository that cannot be had: %s',
    async (code) => {
      const apt = archives({ ...three, sid: code, bullseye: code });
      expect(await fetched(apt)).toBe('6.1.10-1');
      expect(apt.asked.sort()).toEqual(['bookworm', 'bullseye', 'sid']);
    },
  );

  it('says, where none has them, which could not be asked and why', async () => {
    const apt = archives({ bookworm: [kbuild('6.1.99-1', other)], sid: 'FETCH_FAILED' });
    const error = await kbuildErrorOf(() => fetched(apt));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toBe(
      `no repository has the host tools linux-kbuild-6.1 for ${hostArch().name}; sid has failed`,
    );
    expect(error.hint).toContain('--repository');
  });

  it('does not go on where it is interrupted', async () => {
    const apt = archives({ sid: 'INTERRUPTED', bookworm: 'INTERRUPTED' });
    expect((await kbuildErrorOf(() => fetched(apt))).code).toBe('INTERRUPTED');
    expect(apt.asked).toHaveLength(1);
  });

  it('fails with what the mirror said of the package', async () => {
    const apt = archives({ bookworm: [kbuild('6.1.9-1')] });
    const { runInSuite } = apt.context;
    apt.context.runInSuite = (suite, run) =>
      run.script.includes('download-file')
        ? Promise.resolve({ end: 'exited', exitCode: 0, stdout: Buffer.from('') })
        : runInSuite(suite, run);
    const error = await kbuildErrorOf(() => fetched(apt));
    expect(error.message).toContain('linux-kbuild-6.1 6.1.9-1');
  });
});
