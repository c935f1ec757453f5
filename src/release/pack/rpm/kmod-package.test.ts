import { dirname } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { fixtureModule, type FixtureModule } from '../../../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { commonPackage, kmodPackage } from './kmod-package.js';

const settings = { autoload: [], options: {}, blacklist: [], softdep: {} };

function kernel(fixture: FixtureModule, values: Partial<KernelModules> = {}): KernelModules {
  const plain = fixtureModule(fixture);
  const name = fixture.replace(/-.*/, '');
  return {
    job: fixture,
    release: '6.1.0-56.el9.x86_64',
    arch: { name: 'x86_64', debian: 'amd64', rpm: 'x86_64', oci: 'amd64' },
    kernelPackages: [],
    modules: [{ name, path: `extra/${name}.ko.xz`, bytes: Buffer.from('xz'), plain }],
    ...values,
  };
}

const project = (name: string, values: Partial<ReleaseProject>): ReleaseProject => ({
  ...{ project: name, name, version: '1.2-3', about: {}, settings, initramfs: false },
  ...{ kernels: [], depends: [], ...values },
});

const specOf = ({ entries }: { entries: { path: string; content: Uint8Array | string }[] }) =>
  String(entries.find(({ path }) => path === 'package.spec')?.content);

function kmod(of: ReleaseProject, all = [of]): { file: string; spec: string; lines: string[] } {
  const recipe = kmodPackage(of, of.kernels[0]!, all, 1_700_000_000);
  const spec = specOf(recipe);
  return { file: recipe.name, spec, lines: spec.split('\n') };
}

describe('kmodPackage', () => {
  it('is named by the project, the kernel, the version and the architecture', () => {
    const { file, lines } = kmod(project('demo', { kernels: [kernel('params-x86_64')] }));
    expect(file).toBe('kmod-demo-6.1.0-56.el9.x86_64-1.2-3.x86_64.rpm');
    expect(lines).toContain('Provides: kmod-demo = 1.2-3');
    expect(lines).toContain('Provides: kmod(params.ko)');
    expect(lines).toContain('License: GPL');
    expect(lines).toContain('* Tue Nov 14 2023 demo <demo@localhost.invalid> - 1.2-3');
    expect(lines).toContain('"/lib/modules/6.1.0-56.el9.x86_64/extra/params.ko.xz"');
    expect(lines).toContain('%dir "/lib/modules/6.1.0-56.el9.x86_64/extra"');
  });

  const needed = (values: Partial<KernelModules>) =>
    kmod(project('demo', { kernels: [kernel('params-x86_64', values)] })).lines.filter((line) =>
      /^(Requires|Supplements): .*kernel/.test(line),
    );

  it('needs of a kernel what its packages provide', () => {
    const release = 'kernel-uname-r = 6.1.0-56.el9.x86_64';
    const supplements = `Supplements: (${release} and kmod-demo)`;
    expect(needed({})).toEqual([]);
    expect(needed({ rpm: { symbols: false } })).toEqual([`Requires: ${release}`, supplements]);
    const symbols = needed({ rpm: { symbols: true } });
    expect(symbols.at(-1)).toBe(supplements);
    expect(symbols.at(-2)).toMatch(/^Requires: kernel\(\w+\) = 0x[0-9a-f]{8}$/);
    expect(symbols).not.toContain(`Requires: ${release}`);
  });

  it('asks for no release that rpm cannot compare', () => {
    expect(needed({ release: '6.4.0-150600.21-default', rpm: { symbols: false } })).toEqual([]);
  });

  it('needs the package of a project that it depends on, for the same kernel', () => {
    const arm64 = { name: 'arm64', debian: 'arm64', rpm: 'aarch64', oci: 'arm64' };
    const values = { arch: arm64, release: '6.1.0-56-arm64' };
    const exporter = project('exporter', { kernels: [kernel('exporter-x86_64', values)] });
    const kernels = [kernel('consumer-arm64', { ...values, rpm: { symbols: true } })];
    const consumer = project('consumer', { kernels, depends: ['exporter'] });
    const { lines } = kmod(consumer, [consumer, exporter]);
    expect(lines).toContain('Requires: kmod-exporter-6.1.0-56-arm64');
    const symbols = lines.filter((line) => line.includes('(exporter_'));
    expect(symbols).toHaveLength(3);
    expect(symbols.every((line) => line.startsWith('Requires: ksym('))).toBe(true);
    const alone = { ...exporter, kernels: [kernel('exporter-x86_64')] };
    expect(kmod(consumer, [consumer, alone]).spec).not.toContain('kmod-exporter');
  });

  it('has rpmbuild read nothing of a project or a module as its own', async () => {
    const about = { description: '%(id)\n  %pre\n%%x', license: 'GPL %{nil}' };
    const { spec } = kmod(project('demo', { about, kernels: [kernel('params-x86_64')] }));
    expect(spec).toContain('Summary: %%(id)\n');
    expect(spec).toContain('\n- %%pre\n- %%%%x\n');
    expect(spec).toContain('License: GPL %%{nil}\n');
    const [module] = kernel('params-x86_64').modules;
    const named = [{ ...module!, name: 'x) = 1\n%post' }];
    const odd = project('demo', { kernels: [kernel('params-x86_64', { modules: named })] });
    expect((await kbuildErrorOf(() => kmod(odd))).code).toBe('PACKAGE_MODULES');
    const license = { ...about, license: 'GPL\n%post' };
    const broken = project('demo', { about: license, kernels: [kernel('params-x86_64')] });
    expect((await kbuildErrorOf(() => kmod(broken))).code).toBe('PACKAGE_VALUE');
  });

  it('refuses a version that is none', async () => {
    const odd = project('demo', { version: '1.0-rc1', kernels: [kernel('params-x86_64')] });
    expect((await kbuildErrorOf(() => kmod(odd))).code).toBe('PACKAGE_VERSION');
  });
});

describe('commonPackage', () => {
  it('is there where modprobe or systemd is told something, and needed by that of each kernel', () => {
    const kernels = [kernel('params-x86_64')];
    expect(commonPackage(project('demo', { kernels }), 1)).toBeUndefined();
    const told = project('demo', { kernels, settings: { ...settings, autoload: ['params'] } });
    const recipe = commonPackage(told, 1);
    expect(recipe?.name).toBe('kmod-demo-common-1.2-3.noarch.rpm');
    expect(specOf(recipe!)).toContain('Provides: demo-kmod-common = 1.2-3\n');
    expect(kmod(told).lines).toContain('Requires: demo-kmod-common >= 1.2-3');
  });

  it('has what tells dracut to take the modules of all kernels, where an initramfs is to have them', async () => {
    const release = '6.1.0-57.el9.x86_64';
    const kernels = [kernel('params-x86_64'), kernel('exporter-x86_64', { release })];
    const wanted = project('demo', { kernels, initramfs: true });
    const recipe = commonPackage(wanted, 1);
    const file = 'usr/lib/dracut/modules.d/90kmod-demo/module-setup.sh';
    const entry = recipe?.entries.find(({ path }) => path === `tree/${file}`);
    expect(String(entry?.content)).toContain("hostonly='' instmods exporter params\n}\n");
    const directories = ['/usr/lib/dracut', '/usr/lib/dracut/modules.d', `/${dirname(file)}`];
    expect(specOf(recipe!)).toContain(
      `\n${directories.map((path) => `%dir "${path}"\n`).join('')}"/${file}"\n`,
    );
    const { spec, lines } = kmod(wanted);
    expect(lines).toContain('Requires: demo-kmod-common >= 1.2-3');
    const guard = '[ -e /boot/initramfs-6.1.0-56.el9.x86_64.img ]';
    expect(spec.split(guard)).toHaveLength(3); // after installation and after removal
    expect(kmod(project('demo', { kernels })).spec).not.toContain('dracut');
    const [module] = kernels[0]!.modules;
    const odd = kernel('params-x86_64', { modules: [{ ...module!, name: 'x; reboot' }] });
    const evil = { ...wanted, kernels: [odd] };
    expect((await kbuildErrorOf(() => commonPackage(evil, 1))).code).toBe('PACKAGE_MODULES');
  });
});
