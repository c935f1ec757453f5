import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { defaultKernelRef, parseKernelRef } from './ref.js';
import { repositoryId, shippedRepositories } from './repository.js';

const debian = shippedRepositories().filter(({ distribution }) => distribution === 'debian');
const parse = (text: string) => parseKernelRef(text, debian);

/** What a reference to repositories names of them, and the kind of its selector. */
function named(text: string) {
  const ref = parse(text);
  if (ref.provider !== 'repository') throw new Error(`${text} is ${ref.provider}`);
  return [ref.repositories.map(repositoryId), ref.selector];
}

describe('parseKernelRef', () => {
  it.each([
    ['host', { provider: 'host' }],
    ['source:kernel.yaml', { provider: 'source', file: join(process.cwd(), 'kernel.yaml') }],
    ['source:~/my kernel.yaml', { provider: 'source', file: join(homedir(), 'my kernel.yaml') }],
    ['/usr/src/linux', { provider: 'path', path: '/usr/src/linux' }],
    ['/usr/src/linux:6.1/', { provider: 'path', path: '/usr/src/linux:6.1' }],
    ['./linux', { provider: 'path', path: join(process.cwd(), 'linux') }],
    ['../linux', { provider: 'path', path: join(process.cwd(), '../linux') }],
    ['.', { provider: 'path', path: process.cwd() }],
    ['~/linux', { provider: 'path', path: join(homedir(), 'linux') }],
  ])('reads %s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each([
    ['host/latest', 'stock'],
    ['host/6.1.0-56-arm64', 'release'],
    ['host/*-cloud-*', 'glob'],
    ['host/6.1..', 'range'],
  ])('reads %s', (text, kind) => {
    expect(parse(text)).toMatchObject({ provider: 'host', selector: { match: { kind } } });
  });

  it.each([
    ['debian:bookworm', ['debian:bookworm'], true, 'stock'],
    ['debian:bookworm/latest', ['debian:bookworm'], true, 'stock'],
    ['debian:bookworm/6.1.0-56-arm64', ['debian:bookworm'], false, 'release'],
    ['debian:trixie/6.12.43+deb13-cloud-amd64', ['debian:trixie'], false, 'release'],
    ['debian:bookworm/*-cloud-*', ['debian:bookworm'], false, 'glob'],
    ['debian:bookworm/*/latest', ['debian:bookworm'], true, 'glob'],
    ['debian:bookworm/6.1.0-50..', ['debian:bookworm'], false, 'range'],
    ['debian:*/latest', debian.map(repositoryId), true, 'stock'],
    [
      'deb?an:b*',
      debian.map(repositoryId).filter((id) => id.startsWith('debian:b')),
      true,
      'stock',
    ],
  ])('reads %s', (text, ids, latest, kind) => {
    expect(named(text)).toMatchObject([ids, { latest, match: { kind } }]);
  });

  it('reads its own default', () => {
    expect(named(defaultKernelRef)).toMatchObject([[defaultKernelRef], { latest: true }]);
  });

  it.each([
    '',
    'bookworm',
    '6.1.0-56-arm64',
    'debian',
    'debian:',
    'debian:bookworm/',
    'debian:bookworm:x',
    ':bookworm',
    'hosts',
    'host/',
    ' host',
    'source:',
    'debian:$(reboot)',
  ])('refuses %j, and says what there is', async (text) => {
    const error = await kbuildErrorOf(() => parse(text));
    expect(error.code).toBe('KERNEL_REF');
    expect(error.message).toBe(`'${text}' is no kernel reference`);
    for (const form of ['debian:<suite>/<release>', 'host', 'source:<file>']) {
      expect(error.hint).toContain(form);
    }
  });

  it.each(['debian:bookworm/6.1.0/amd64', 'debian:bookworm/$(reboot)', 'host/a b'])(
    'refuses the selector of %s',
    async (text) => {
      const error = await kbuildErrorOf(() => parse(text));
      expect(error.code).toBe('KERNEL_REF');
      expect(error.message).toContain(`'${text}' is no kernel reference`);
    },
  );

  it.each([
    ['debian:trixy', 'debian:trixie'],
    ['debain:bookworm', 'debian:bookworm'],
    ['debian:BOOKWORM', 'debian:bookworm'],
  ])('refuses %s, of which there is no repository, with the nearest', async (text, near) => {
    const error = await kbuildErrorOf(() => parse(text));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    expect(error.message).toBe(`no repository of kernels is called '${text}'`);
    expect(error.hint).toContain(`Did you mean '${near}'?`);
  });
});
