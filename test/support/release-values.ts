import { describeModule } from '../../src/artifact/describe.js';
import type { JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import type { EvidenceInput } from '../../src/release/evidence/evidence.js';
import type { KernelModules, ReleaseProject } from '../../src/release/pack/release-project.js';
import { fixtureModule } from './fixture-module.js';

const archs = {
  arm64: { name: 'arm64', debian: 'arm64', rpm: 'aarch64', oci: 'arm64' },
  x86_64: { name: 'x86_64', debian: 'amd64', rpm: 'x86_64', oci: 'amd64' },
};

/** Exporter and consumer for two kernels: what a release of two projects is made of. */
export async function releaseValues(): Promise<EvidenceInput> {
  const kernels = ['6.1.0-56-amd64', '6.1.0-56-arm64'] as const;
  const jobs = await Promise.all(
    ['exporter', 'consumer'].flatMap((project) => kernels.map((release) => job(project, release))),
  );
  const projects = [project('exporter', []), project('consumer', ['exporter'])];
  return {
    attested: true,
    manifest: manifestOf(jobs),
    projects,
    files: projects.flatMap(({ project: name, kernels: all }) =>
      all.map(({ release }) => ({
        path: `tar/${name}-1.0-${release}.tar.gz`,
        bytes: Buffer.from(`a package of ${name} for ${release}`),
      })),
    ),
    unpacked: projects.flatMap(({ project: name, kernels: all }) =>
      all.flatMap(({ release, modules }) =>
        modules.map(({ path, bytes }) => ({
          file: `tar/${name}-1.0-${release}.tar.gz`,
          ...{ release, path, bytes },
        })),
      ),
    ),
    formats: ['tar'],
    epoch: 946_684_800,
  };
}

export const manifestOf = (jobs: JobRecord[]): Manifest => ({
  schemaVersion: 1,
  tool: { name: 'kbuild-ts', version: '0.1.0' },
  output: '/home/someone/dist',
  startedAt: new Date(0).toISOString(),
  milliseconds: 1,
  status: 'succeeded',
  options: { runtime: 'docker', prepare: 'auto' },
  jobs,
});

/** Of the fixtures one is for another arch than is said: what they say of themselves is what counts. */
const fixtureOf = (project: string): Buffer =>
  fixtureModule(project === 'consumer' ? 'consumer-arm64' : 'exporter-x86_64');

const archOf = (release: string) => (release.endsWith('arm64') ? archs.arm64 : archs.x86_64);

async function job(project: string, release: string): Promise<JobRecord> {
  const arch = archOf(release).name;
  const sources = [
    { placement: project, digest: project === 'consumer' ? 'c'.repeat(64) : 'e'.repeat(64) },
  ];
  return {
    ...{ id: `${project}-${release}-${arch}-gcc-12`, project, release, arch, toolchain: 'gcc-12' },
    ...{ kernel: `debian:bookworm/${release}`, status: 'built', milliseconds: 7, diagnostics: [] },
    artifacts: [await describeModule(`${release}/${arch}/${project}.ko`, fixtureOf(project), [])],
    log: `logs/${project}.log`,
    key: 'f'.repeat(64),
    make: ['make', '-C', `/usr/src/linux-headers-${release}`, 'modules'],
    env: { LC_ALL: 'C' },
    image: { name: 'kbuild-ts/gcc-12:a584a665e567', id: `sha256:${'d'.repeat(64)}` },
    kdir: { path: `/usr/src/linux-headers-${release}`, identity: arch.padEnd(64, '0') },
    sources:
      project === 'consumer'
        ? [...sources, { placement: 'exporter', digest: 'e'.repeat(64) }]
        : sources,
  };
}

function project(name: string, depends: string[]): ReleaseProject {
  return {
    project: name,
    name,
    version: '1.0',
    about: {
      license: 'GPL',
      maintainer: 'Acme <kernel@acme.example>',
      description: `The ${name}`,
      homepage: 'https://acme.example/modules',
    },
    settings: { autoload: [], options: {}, blacklist: [], softdep: {} },
    initramfs: false,
    kernels: ['6.1.0-56-amd64', '6.1.0-56-arm64'].map((release) => kernelModules(name, release)),
    depends,
  };
}

function kernelModules(project: string, release: string): KernelModules {
  const plain = fixtureOf(project);
  const arch = archOf(release);
  return {
    job: `${project}-${release}-${arch.name}-gcc-12`,
    release,
    arch,
    kernelPackages: [],
    modules: [
      {
        name: project,
        path: `updates/${project}.ko.xz`,
        // As if it were compressed: other bytes, which differ from kernel to kernel.
        bytes: Buffer.concat([plain, Buffer.from(release)]),
        plain,
      },
    ],
  };
}
