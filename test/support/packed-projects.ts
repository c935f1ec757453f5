import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archByName } from '../../src/arch/arch.js';
import type { JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import type {
  KernelModules,
  LoadSettings,
  ReleaseProject,
} from '../../src/release/pack/release-project.js';
import { build, examples } from './cli.js';
import { temporaryDirectory } from './temporary-directory.js';

/** What configurations say where they say nothing. */
export const noSettings: LoadSettings = { autoload: [], options: {}, blacklist: [], softdep: {} };

/** The examples `exporter` and `consumer`, which needs it, built for both architectures. */
export async function packedExamples(): Promise<ReleaseProject[]> {
  const output = temporaryDirectory();
  const { exitCode, document } = await build([join(examples, 'consumer'), '--out', output]);
  if (exitCode !== 0) throw new Error(`the examples do not build: ${JSON.stringify(document)}`);
  return ['exporter', 'consumer'].map((project) => ({
    project,
    name: `acme-${project}`,
    version: '1.2.0',
    about: {
      license: 'GPL-2.0-only',
      maintainer: 'Acme Drivers <drivers@acme.example>',
      description: `the ${project} of Acme\nIt is an example.`,
      homepage: 'https://acme.example/',
    },
    settings: noSettings,
    initramfs: false,
    depends: project === 'consumer' ? ['exporter'] : [],
    kernels: kernelsOf(document, project),
  }));
}

function kernelsOf({ jobs, output }: Manifest, project: string): KernelModules[] {
  return jobs.filter((job) => job.project === project).map((job) => kernelOf(job, output));
}

function kernelOf(
  { id, release, arch: archName, artifacts }: JobRecord,
  output: string,
): KernelModules {
  const { name, debian, rpm, oci } = archByName(archName);
  const modules = artifacts.map(({ path }) => {
    const bytes = readFileSync(join(output, path));
    const file = basename(path, '.ko');
    return { name: file, path: `updates/${file}.ko`, bytes, plain: bytes };
  });
  const arch = { name, debian, rpm, oci };
  return { job: id, release, arch, kernelPackages: [], modules };
}
