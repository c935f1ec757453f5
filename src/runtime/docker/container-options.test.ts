import { describe, expect, it } from 'vitest';
import { isGone, parseOwner } from '../../storage/owner.js';
import type { RunSpec } from '../port.js';
import { containerOptions } from './container-options.js';
import { entry } from './entry.js';

const spec: RunSpec = {
  image: 'sha256:0123',
  script: 'make modules',
  env: { HOME: '/tmp', EQUALS: 'a=b c' },
  mounts: [
    { source: '/home/me/a b', target: '/src/a' },
    { source: '/cache/apt', target: '/work', writable: true },
  ],
  profile: 'build',
  memoryBytes: 2 ** 30,
  diskBytes: 2 ** 28,
  timeoutMs: 1000,
  title: 'hello-6.1-arm64-gcc-12',
};
const build = containerOptions(spec);
const prepare = containerOptions({ ...spec, profile: 'prepare' });
const fetch = containerOptions({ ...spec, profile: 'fetch' });
const caller = `${process.getuid?.()}:${process.getgid?.()}`;

describe.each([
  ['builds', build],
  ['prepares', prepare],
])('a container that %s', (_, confined) => {
  it('has no network', () => {
    expect(confined.NetworkDisabled).toBe(true);
    expect(confined.HostConfig?.NetworkMode).toBe('none');
  });

  it('has no privileges, and no way to get any', () => {
    expect(confined.HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
    });
    expect(confined.HostConfig).not.toHaveProperty('Privileged');
    expect(confined.HostConfig).not.toHaveProperty('CapAdd');
  });

  it('can write to its scratch space alone, of the size that was asked', () => {
    expect(confined.HostConfig?.ReadonlyRootfs).toBe(true);
    const tmpfs = confined.HostConfig?.Tmpfs as Record<string, string>;
    expect(Object.keys(tmpfs).sort()).toEqual(['/build', '/tmp']);
    for (const options of Object.values(tmpfs)) {
      expect(options.split(',')).toEqual(
        expect.arrayContaining(['nosuid', 'nodev', 'exec', `size=${2 ** 28}`]),
      );
    }
  });
});

describe('the user of a container', () => {
  it('that builds is none of the machine', () => {
    expect(build.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(build.User).not.toBe(caller);
  });

  it('that fills writable mounts is the caller, to whom the files then belong', () => {
    expect([prepare.User, fetch.User]).toEqual([caller, caller]);
  });
});

describe('a container that fetches', () => {
  it("has the host's network: a mirror or a proxy may listen on loopback", () => {
    expect(fetch).not.toHaveProperty('NetworkDisabled');
    expect(fetch.HostConfig?.NetworkMode).toBe('host');
    expect(fetch.HostConfig).not.toHaveProperty('Privileged');
  });
});

describe.each([
  ['builds', build],
  ['prepares', prepare],
  ['fetches', fetch],
])('any container: one that %s', (_, options) => {
  it('runs the script and nothing that its image would run', () => {
    expect(options).toMatchObject({
      Image: 'sha256:0123',
      Entrypoint: [],
      Cmd: ['sh', '-c', entry, 'make modules'],
      Env: ['HOME=/tmp', 'EQUALS=a=b c'],
    });
  });

  it('is limited in memory, with no swap beyond it, in processes and in files', () => {
    expect(options.HostConfig).toMatchObject({ Memory: 2 ** 30, MemorySwap: 2 ** 30 });
    expect(options.HostConfig?.PidsLimit).toBeGreaterThan(0);
    const limits = options.HostConfig?.Ulimits?.map(({ Name }) => Name);
    expect(limits).toEqual(['nofile', 'nproc']);
  });

  it('can write to a mount only where that was asked', () => {
    expect(options.HostConfig?.Mounts).toEqual([
      { Type: 'bind', Source: '/home/me/a b', Target: '/src/a', ReadOnly: true },
      { Type: 'bind', Source: '/cache/apt', Target: '/work', ReadOnly: false },
    ]);
  });

  it('says whose it is, so that another run can tell when its owner is gone', () => {
    const owner = parseOwner(options.Labels?.['io.kbuild-ts.owner'] ?? '');
    expect(owner?.pid).toBe(process.pid);
    expect(isGone(owner!)).toBe(false);
    expect(options.Labels?.['io.kbuild-ts.title']).toBe('hello-6.1-arm64-gcc-12');
  });

  it('keeps no log in the engine', () => {
    expect(options.HostConfig?.LogConfig).toEqual({ Type: 'none', Config: {} });
  });
});
