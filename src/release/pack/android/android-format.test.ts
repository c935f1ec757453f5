import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import type { PackTools } from '../format.js';
import type { LoadSettings, ReleaseProject } from '../release-project.js';
import { androidFormat } from './android-format.js';

const noTools = {} as PackTools;
const module = fixtureModule('params-x86_64');

/** A project whose modules are one and the same, by several names. */
const project = (
  name: string,
  modules: readonly string[],
  settings: Partial<LoadSettings> = {},
): ReleaseProject => ({
  project: name,
  name,
  version: '1.0.0',
  about: {},
  settings: { autoload: [], options: {}, blacklist: [], softdep: {}, ...settings },
  initramfs: false,
  depends: [],
  kernels: [
    {
      job: name,
      release: '6.1.0-1-amd64',
      arch: { name: 'x86_64', debian: 'amd64', rpm: 'x86_64', oci: 'amd64' },
      kernelPackages: [],
      modules: modules.map((file) => ({
        name: file,
        path: `updates/${file}.ko.xz`,
        bytes: Buffer.from('compressed'),
        plain: module,
      })),
    },
  ],
});

async function texts(...projects: ReleaseProject[]): Promise<Record<string, string>> {
  const files = await androidFormat.pack(projects, noTools);
  const root = 'android/6.1.0-1-amd64-x86_64/vendor_dlkm/lib/modules/';
  return Object.fromEntries(
    files.map(({ path, bytes }) => [path.replace(root, ''), Buffer.from(bytes).toString('latin1')]),
  );
}

describe('androidFormat', () => {
  it('takes modules as they are before they are compressed', async () => {
    const files = await texts(project('ring', ['ring']));
    expect(Object.keys(files)).toEqual([
      ...['ring.ko', 'modules.alias', 'modules.dep', 'modules.load', 'modules.softdep'],
    ]);
    expect(files['ring.ko']).toBe(module.toString('latin1'));
  });

  it('loads at boot what a project loads at boot, and all of one that does not say', async () => {
    const { 'modules.load': load } = await texts(
      project('ring', ['ring-core', 'ring-debug'], { autoload: ['ring_core', 'of_the_kernel'] }),
      project('disk', ['disk', 'disk-old'], { blacklist: ['disk_old'] }),
    );
    expect(load?.trim().split('\n').sort()).toEqual(['disk.ko', 'ring-core.ko']);
  });

  it('writes one line for the parameters of a module, whoever gives them', async () => {
    const files = await texts(
      project('ring', ['ring'], { options: { 'ring-core': 'size=1' }, blacklist: ['old-ring'] }),
      project('disk', ['disk'], { options: { ring_core: 'mode=2' }, blacklist: ['old_ring'] }),
    );
    expect(files['modules.options']).toBe('options ring_core size=1 mode=2\n');
    expect(files['modules.blocklist']).toBe('blocklist old_ring\n');
  });

  it('writes no softdep that says nothing, which the loader refuses', async () => {
    const { 'modules.softdep': softdep } = await texts(
      project('ring', ['ring'], { softdep: { ring: { pre: [], post: [] } } }),
    );
    expect(softdep).toBe('# Soft dependencies extracted from modules themselves.\n');
  });

  it.each([
    ['ring', 'ring'],
    ['ring-core', 'ring_core'],
  ])('refuses two modules of one name: %s and %s', async (one, other) => {
    const error = await kbuildErrorOf(() => texts(project('a', [one]), project('b', [other])));
    expect(error.code).toBe('PACKAGE_MODULES');
    expect(error.message).toMatch(/of a and of b$/);
  });

  it('reads back the modules, and nothing else, by kernel', async () => {
    const files = await androidFormat.pack([project('ring', ['ring'])], noTools);
    expect(await androidFormat.unpack(files, noTools)).toEqual([
      {
        file: 'android/6.1.0-1-amd64-x86_64/vendor_dlkm/lib/modules/ring.ko',
        release: '6.1.0-1-amd64',
        path: 'ring.ko',
        bytes: module,
      },
    ]);
  });
});
