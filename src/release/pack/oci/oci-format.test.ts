import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import type { PackTools, ReleaseFile } from '../format.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { ociFormat } from './oci-format.js';

const asked: string[] = [];
const tools = {
  epoch: 946_684_800,
  busybox: (arch) => {
    asked.push(arch);
    return Promise.resolve(Buffer.from(`busybox of ${arch}`));
  },
} as Partial<PackTools> as PackTools;

const archs = {
  x86_64: { name: 'x86_64', debian: 'amd64', rpm: 'x86_64', oci: 'amd64' },
  arm64: { name: 'arm64', debian: 'arm64', rpm: 'aarch64', oci: 'arm64' },
};

const kernel = (arch: keyof typeof archs, release: string): KernelModules => {
  const bytes = fixtureModule(arch === 'arm64' ? 'consumer-arm64' : 'exporter-x86_64');
  const modules = [{ name: 'ring', path: 'updates/ring.ko', bytes, plain: bytes }];
  return { job: 'ring', release, arch: archs[arch], kernelPackages: [], modules };
};

const project = (name: string, ...kernels: KernelModules[]): ReleaseProject => ({
  project: name,
  name,
  version: '1.2.0+acme',
  about: { license: 'MIT OR GPL-2.0-only' },
  settings: { autoload: [], options: {}, blacklist: [], softdep: {} },
  initramfs: false,
  depends: [],
  kernels,
});

interface Document {
  manifests: { digest: string; platform?: unknown; annotations?: Record<string, string> }[];
  annotations?: Record<string, string>;
}

const reader = (files: readonly ReleaseFile[], root: string) => (path: string) => {
  const file = files.find((one) => one.path === `${root}/${path}`);
  return JSON.parse(Buffer.from(file!.bytes).toString()) as Document;
};

const both = () =>
  ociFormat.pack(
    [
      project(
        'ring',
        kernel('arm64', '6.1.0'),
        kernel('x86_64', '6.1.0'),
        kernel('arm64', '6.2.0+'),
      ),
    ],
    tools,
  );

describe('ociFormat', () => {
  it('has a tag for each kernel release, the ones that move last, and a platform for each arch', async () => {
    asked.length = 0;
    const read = reader(await both(), 'oci/ring');
    const { manifests } = read('index.json');
    expect(
      manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']),
    ).toEqual(['1.2.0_acme-6.1.0', '1.2.0_acme-6.2.0', '6.1.0', '6.2.0']);
    const platforms = manifests.map(({ digest }) => {
      const index = read(`blobs/${digest.replace(':', '/')}`);
      expect(index.annotations).toMatchObject({
        'org.opencontainers.image.licenses': '(MIT OR GPL-2.0-only) AND GPL-2.0-only',
      });
      return index.manifests.map(({ platform }) => platform);
    });
    const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) => ({
      architecture,
      os: 'linux',
    }));
    expect(platforms).toEqual([[amd64, arm64], [arm64], [amd64, arm64], [arm64]]);
    expect(asked.sort()).toEqual(['arm64', 'x86_64']); // one layer for all kernels
  });

  it('does not depend on the order in which kernels were built', async () => {
    const kernels = [kernel('x86_64', '6.1.0'), kernel('arm64', '6.1.0'), kernel('arm64', '5.0')];
    const pack = (some: KernelModules[]) => ociFormat.pack([project('ring', ...some)], tools);
    const flat = (files: ReleaseFile[]) =>
      files.map(({ path, bytes }) => `${path} ${Buffer.from(bytes).toString('base64')}`);
    expect(flat(await pack(kernels))).toEqual(flat(await pack([...kernels].reverse())));
  });

  it('reads the modules back', async () => {
    const modules = await ociFormat.unpack(await both(), tools);
    expect(modules.map(({ release, path, bytes }) => [release, path, bytes.length])).toEqual([
      ['6.1.0', 'updates/ring.ko', fixtureModule('exporter-x86_64').length],
      ['6.1.0', 'updates/ring.ko', fixtureModule('consumer-arm64').length],
      ['6.2.0+', 'updates/ring.ko', fixtureModule('consumer-arm64').length],
    ]);
  });

  it('refuses a layout of which any file is changed, cut, missing or unknown', async () => {
    const files = await both();
    const changed = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
    for (const [i, file] of files.entries()) {
      const others = files.filter((_, at) => at !== i);
      const broken = [
        others,
        [...others, { ...file, bytes: file.bytes.subarray(1) }],
        ...(file.path.includes('/blobs/')
          ? [[...others, { ...file, bytes: changed(file.bytes) }]]
          : []),
      ];
      for (const some of broken) {
        const error = await kbuildErrorOf(() => ociFormat.unpack(some, tools));
        expect(error.code, file.path).toBe('PACKAGE_FAILED');
        expect(error.message).toContain('the images in oci/ring cannot be read back');
      }
    }
    const more = [...files, { path: 'oci/ring/blobs/sha256/00', bytes: Buffer.of() }];
    const error = await kbuildErrorOf(() => ociFormat.unpack(more, tools));
    expect(error.message).toContain('nothing in it leads to blobs/sha256/00');
  });

  it('refuses names that would be one', async () => {
    const one = kernel('arm64', '6.1.0');
    for (const projects of [
      [project('ring.a', one), project('ring+a', one), project('ring-a', one)],
      [project('ring', one, kernel('x86_64', '6.1.0+'))],
    ]) {
      const error = await kbuildErrorOf(() => ociFormat.pack(projects, tools));
      expect(error.code).toBe('PACKAGE_NAME');
    }
    const twice = await kbuildErrorOf(() => ociFormat.pack([project('ring', one, one)], tools));
    expect(twice.code).toBe('PACKAGE_MODULES');
  });
});
