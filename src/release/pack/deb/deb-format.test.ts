import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import type { PackTools } from '../format.js';
import type { PackageRecipe } from '../recipe.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { debFormat } from './deb-format.js';

const bytes = fixtureModule('exporter-x86_64');

const kernel = (release: string, more: Partial<KernelModules> = {}): KernelModules => ({
  ...{ job: release, release, kernelPackages: [] },
  arch: { name: 'x86_64', debian: 'amd64', rpm: 'x86_64', oci: 'amd64' },
  modules: [{ name: 'exporter', path: 'updates/exporter.ko', bytes, plain: bytes }],
  ...more,
});

const project = (more: Partial<ReleaseProject> = {}): ReleaseProject => ({
  ...{ project: 'ring', name: 'acme-ring', version: '1.2', about: {}, depends: [] },
  settings: { autoload: [], options: {}, blacklist: [], softdep: {} },
  ...{ initramfs: false, kernels: [kernel('6.1.0-56-amd64')] },
  ...more,
});

/** The recipes that packages are made by. */
async function recipesOf(...projects: ReleaseProject[]): Promise<PackageRecipe[]> {
  let asked: readonly PackageRecipe[] = [];
  const tools: PackTools = {
    epoch: 0,
    busybox: () => Promise.reject(new Error('no deb needs it')),
    run: (recipes) => {
      asked = recipes;
      return Promise.resolve(recipes.map(({ name }) => ({ name, bytes: new Uint8Array() })));
    },
  };
  await debFormat.pack(projects, tools);
  return [...asked];
}

const namesOf = (recipes: readonly PackageRecipe[]) => recipes.map(({ name }) => name);

const entry = (recipe: PackageRecipe | undefined, path: string) =>
  String(recipe?.entries.find((one) => one.path === path)?.content);

const field = (recipe: PackageRecipe | undefined, name: string) =>
  new RegExp(`^${name}: (.*)$`, 'm').exec(entry(recipe, 'DEBIAN/control'))?.[1];

describe('debFormat', () => {
  it('makes a package for each kernel, which needs any of the kernel’s packages', async () => {
    const kernelPackages = ['linux-image-6.1.0-56-amd64', 'linux-image-6.1.0-56-amd64-unsigned'];
    const one = kernel('6.1.0-56-amd64', { kernelPackages });
    const recipes = await recipesOf(project({ kernels: [one, kernel('6.1.9_Acme~rc1')] }));
    expect(namesOf(recipes)).toEqual([
      'acme-ring-modules-6.1.0-56-amd64_1.2_amd64.deb',
      'acme-ring-modules-6.1.9-acme-rc1_1.2_amd64.deb',
    ]);
    const merged = 'kmod, base-files (>= 13~) | usr-is-merged | usrmerge';
    expect(field(recipes[0], 'Depends')).toBe(`${merged}, ${kernelPackages.join(' | ')}`);
    expect(field(recipes[1], 'Depends')).toBe(merged);
    expect(field(recipes[0], 'Provides')).toBe('acme-ring-modules (= 1.2)');
    expect(entry(recipes[1], 'DEBIAN/postinst')).toContain("release='6.1.9_Acme~rc1'\n");
    expect(recipes[1]?.entries.map(({ path }) => path)).toContain(
      'usr/lib/modules/6.1.9_Acme~rc1/updates/exporter.ko',
    );
  });

  it('puts what kernels share into one package, that a later version of may serve', async () => {
    const options = { exporter: 'debug=1' };
    const settings = { autoload: ['exporter'], options, blacklist: [], softdep: {} };
    const recipes = await recipesOf(project({ settings, initramfs: true }));
    const [modules, common] = recipes;
    expect(field(modules, 'Depends')).toContain(', acme-ring-modules-common (>= 1.2)');
    expect(common?.name).toBe('acme-ring-modules-common_1.2_all.deb');
    expect(entry(common, 'usr/lib/modprobe.d/ring.conf')).toBe('options exporter debug=1\n');
    expect(entry(common, 'usr/lib/modules-load.d/ring.conf')).toBe('exporter\n');
    const hook = 'usr/share/initramfs-tools/hooks/acme-ring';
    expect(entry(common, hook)).toContain('manual_add_modules exporter\n');
    expect(entry(modules, 'DEBIAN/postinst')).toContain('update-initramfs -u -k "$release"');
  });

  it('has a meta package that needs the newest kernel’s modules, else another suite’s, else DKMS', async () => {
    const kernelMeta = 'linux-image-amd64';
    const [bookworm, trixie] = ['debian:bookworm', 'debian:trixie'];
    const kernels = [
      kernel('6.1.0-9-amd64', { kernelMeta, kernelSuite: bookworm }),
      kernel('6.12.1+deb13-amd64', { kernelMeta, kernelSuite: trixie }),
      kernel('6.1.0-56-amd64', { kernelMeta, kernelSuite: bookworm }),
    ];
    const sources = {
      ...{ name: 'Ring', version: '1.2', entries: [], modules: [], depends: [] },
      ...{ about: {}, needs: [] },
    };
    const meta = (await recipesOf(project({ kernels, sources }))).at(-1);
    expect(meta?.name).toBe('acme-ring-modules-amd64_1.2_amd64.deb');
    const newest = 'acme-ring-modules-6.12.1+deb13-amd64 (= 1.2)';
    expect(field(meta, 'Depends')).toBe(
      [newest, 'acme-ring-modules-6.1.0-56-amd64 (= 1.2)', 'ring-dkms (= 1.2)'].join(' | '),
    );
    expect(field(meta, 'Recommends')).toBe(newest);
    expect(field(meta, 'Suggests')).toBe(kernelMeta);
  });

  it('has a meta package that is content with no older kernel of its suite', async () => {
    const suite = { kernelMeta: 'linux-image-amd64', kernelSuite: 'debian:bookworm' };
    const kernels = ['6.1.0-9-amd64', '6.1.0-56-amd64'].map((release) => kernel(release, suite));
    const meta = (await recipesOf(project({ kernels }))).at(-1);
    expect(field(meta, 'Depends')).toBe('acme-ring-modules-6.1.0-56-amd64 (= 1.2)');
    expect(field(meta, 'Recommends')).toBeUndefined();
  });

  it('needs the modules of other projects in the version of this release', async () => {
    const base = project({ project: 'base', name: 'base', version: '3.0~rc1' });
    const elsewhere = project({ project: 'far', name: 'far', kernels: [kernel('5.10.0')] });
    const [recipe] = await recipesOf(project({ depends: ['base', 'far'] }), base, elsewhere);
    expect(field(recipe, 'Depends')).toMatch(/, base-modules-6\.1\.0-56-amd64 \(= 3\.0~rc1\)$/);
  });

  it.each([
    ['PACKAGE_VERSION', [project({ version: '1.0-rc1' })]],
    ['PACKAGE_VERSION', [project({ version: 'r12' })]],
    ['PACKAGE_VALUE', [project({ about: { homepage: 'https://x/\nDepends: evil' } })]],
    ['PACKAGE_NAME', [project({ kernels: [kernel('6.1_a'), kernel('6.1-A')] })]],
  ])('refuses with %s what would be no package', async (code, projects) => {
    expect((await kbuildErrorOf(() => recipesOf(...projects))).code).toBe(code);
  });
});
