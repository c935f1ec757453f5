import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { shippedRepositories, type AptRepository, type DnfRepository } from './repository.js';
import { parseRepository } from './repository-schema.js';

const directory = temporaryDirectory({ 'vendor.asc': 'a key', 'keys/other.gpg': 'a key' });
mkdirSync(join(directory, 'folder'));

const image = { packages: ['linux-{release}'], files: ['/boot/vmlinuz'], modules: [] };
const apt: AptRepository = {
  distribution: 'acme',
  name: 'stable',
  manager: 'apt',
  suite: 'bookworm',
  keys: ['vendor.asc'],
  sources: 'Types: deb\nURIs: https://example.org/\nSuites: stable\nComponents: main\n',
  kernels: {
    package: '^linux-headers-(?<release>\\d.*)$',
    with: '^linux-kbuild-.*$',
    latest: 'linux-headers-{flavour}',
    kdir: '/usr/src/linux-headers-{release}',
  },
};
const dnf: DnfRepository = {
  distribution: 'acme-rpm',
  name: '9.1',
  manager: 'dnf',
  image: 'registry.example.org/acme:9',
  kernels: [
    {
      package: 'kernel-devel',
      uname: '{version}-{release}.{arch}',
      kdir: '/usr/src/kernels/{uname}',
      stock: true,
    },
  ],
};

const read = (value: unknown) => parseRepository('r.yaml', stringify(value), directory);

/** A description with one key changed, whose path is `a.b.c`; undefined removes it. */
function changed(path: string, value: unknown, from: unknown = apt): unknown {
  const copy = structuredClone(from) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = copy;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy;
}

describe('parseRepository', () => {
  it('reads a description, and finds its keys beside it', () => {
    expect(read(apt)).toEqual({ ...apt, keys: [join(directory, 'vendor.asc')] });
    expect(read({ ...apt, keys: ['keys/other.gpg', join(directory, 'vendor.asc')] }).keys).toEqual([
      ...[join(directory, 'keys/other.gpg'), join(directory, 'vendor.asc')],
    ]);
    expect(read(dnf)).toEqual(dnf);
  });

  it.each(shippedRepositories().map((one) => [`${one.distribution}:${one.name}`, one] as const))(
    'has nothing against the package’s own %s',
    (_, repository) => {
      expect(parseRepository('r.yaml', stringify(repository), '/')).toEqual(repository);
    },
  );

  it.each([
    ['suites', ['bookworm'], "unknown key 'suites'"],
    ['kernels.packages', 'x', "unknown key 'packages' in kernels"],
    ['kernels.image', { ...image, package: ['x'] }, "unknown key 'package' in kernels.image"],
    ['__proto__x', {}, "unknown key '__proto__x'"],
  ])('refuses the key %s, with its place', async (path, value, message) => {
    const error = await kbuildErrorOf(() => read(changed(path, value)));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(/^r\.yaml:\d+:\d+: /);
    expect(error.message).toContain(message);
    expect(error.hint).toContain('Known keys here: ');
  });

  it.each([
    ['distribution', undefined],
    ['distribution', '../../etc'],
    ['distribution', 'a/b'],
    ['distribution', '..'],
    ['distribution', 'a:b'],
    ['distribution', ''],
    ['distribution', 7],
    ['distribution', 'host'],
    ['distribution', 'source'],
    ['name', '../x'],
    ['name', '*'],
    ['name', '-x'],
    ['name', ['stable']],
    ['suite', 'wheezy'],
    ['pockets', ["x'; reboot #"]],
    ['pockets', 'bookworm-backports'],
    ['keys', 'vendor.asc'],
    ['keys', [1]],
    ['sources', ''],
    ['image', ''],
    ['kernels', undefined],
    ['kernels', []],
    ['kernels.package', '('],
    ['kernels.package', '[z-a](x)'],
    ['kernels.package', '^linux-headers-.*$'],
    ['kernels.package', '^linux-headers-\\(.*\\)$'],
    ['kernels.package', '^linux-(?:headers|kbuild)$'],
    ['kernels.package', ''],
    ['kernels.with', '*'],
    ['kernels.latest', 1],
    ['kernels.kdir', 'usr/src'],
    ['kernels.flavours', ['generic']],
    ['kernels.image', { ...image, metas: [{ package: 'linux-{flavour}', releases: '^(.*)$' }] }],
    ['kernels.image', { ...image, metas: [{ package: 'Linux', releases: '^(.*)$' }] }],
  ])('refuses %s: %j', async (path, value) => {
    const error = await kbuildErrorOf(() => read(changed(path, value)));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(/^r\.yaml/);
    expect(error.message).toContain(path.split('.')[0]);
    expect(error.hint).toContain('docs/kernels.md');
  });

  it.each([
    ['kernels', []],
    ['kernels', apt.kernels],
    ['kernels.0.uname', undefined],
    ['kernels.0.kdir', 'x'],
    ['kernels.0.packages', 'x'],
    ['setup', ['dnf']],
    ['pockets', ['x']],
  ])('refuses of a dnf repository %s: %j', async (path, value) => {
    const error = await kbuildErrorOf(() => read(changed(path, value, dnf)));
    expect(error.code).toBe('CONFIG_INVALID');
  });

  it.each([['apk'], [undefined], [7], [null]])('refuses the manager %j', async (manager) => {
    const error = await kbuildErrorOf(() => read({ ...apt, manager }));
    expect(error.message).toBe("r.yaml: 'manager' must be apt or dnf");
  });

  it.each(['', 'null', '- a', 'text', '7', 'manager: apt'])('refuses %j', async (text) => {
    const error = await kbuildErrorOf(() => parseRepository('r.yaml', text, directory));
    expect(error.code).toBe('CONFIG_INVALID');
  });

  it('refuses what is no YAML, with its place', async () => {
    const error = await kbuildErrorOf(() => parseRepository('r.yaml', 'a: [b\n', directory));
    expect([error.code, error.message]).toEqual(['CONFIG_SYNTAX', expect.stringMatching(/:2:1/)]);
  });

  it.each([
    ['nothing.asc', 'does not exist'],
    ['folder', 'is no file'],
    ['vendor.asc/x', 'does not exist'],
  ])('refuses the key %s, which %s', async (key, why) => {
    const error = await kbuildErrorOf(() => read({ ...apt, keys: ['vendor.asc', key] }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`${join(directory, key)} ${why}`);
  });

  it.each([[undefined], [[]]])('refuses sources whose keys are %j', async (keys) => {
    const error = await kbuildErrorOf(() => read(changed('keys', keys)));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain("'sources' without 'keys'");
  });

  it('refuses an apt repository with neither suite nor image', async () => {
    const error = await kbuildErrorOf(() => read(changed('suite', undefined)));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain("neither 'suite' nor 'image'");
    const image = { ...(changed('suite', undefined) as AptRepository), image: 'x' };
    expect(read(image)).toMatchObject({ image: 'x' });
  });

  it('refuses keys of sources that it does not name, which would be taken for nothing', async () => {
    const error = await kbuildErrorOf(() => read(changed('sources', undefined)));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toBe(
      "r.yaml: 'keys' without 'sources': the image's own repositories have keys of their own",
    );
    expect(error.hint).toContain('sources:');
    const neither = changed('keys', undefined, changed('sources', undefined));
    expect(read(neither)).not.toHaveProperty('keys');
    expect(read({ ...(neither as AptRepository), keys: [] })).toMatchObject({ keys: [] });
  });

  it('takes headers that are whole, to which nothing else belongs', () => {
    const { kernels } = read(changed('kernels.with', undefined)) as AptRepository;
    expect(kernels).toEqual({ ...apt.kernels, with: undefined });
    expect(kernels.with).toBeUndefined();
  });
});
