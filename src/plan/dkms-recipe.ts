import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { packageRoot } from '../data/package-root.js';
import { shellQuote } from '../runtime/shell.js';
import type { DkmsJob, Job } from './job.js';
import { containerLayout } from './layout.js';
import { tokenFlags, type Parallelism } from './parallelism.js';

/** What is done with a dkms.conf: say what it means for a kernel, or build what it describes. */
export type DkmsMode = 'show' | 'build';

/** The directories that a DKMS build writes to, besides /tmp: where dkms has them. */
export const dkmsScratch = ['/var/lib/dkms', '/usr/src', '/lib/modules', '/boot'] as const;

/** Where the overlays of dkms.conf lie. */
export const overlayDirectory = '/etc/dkms';

/** The programs of a DKMS build: what reads dkms.conf and builds, and what stands for others. */
const driverNames = ['driver.bash', 'tool'] as const;
const driverSource = join(packageRoot, 'templates/dkms');
const driverTarget = posix.join(containerLayout.sources, '.dkms');

/** Where they lie in the package, for those who build without kbuild-ts. */
export const driverMount = { source: driverSource, target: driverTarget };

let driver: { name: string; text: string }[] | undefined;

/** The texts of these programs: part of the key of every job that they run for. */
export function dkmsDriver(): readonly { name: string; text: string }[] {
  return (driver ??= driverNames.map((name) => ({
    name,
    text: readFileSync(join(driverSource, name), 'utf8'),
  })));
}

/**
 * The shell script of a job that is built as its dkms.conf says; its standard output is a tar archive
 * as templates/dkms/driver.bash describes it.
 * @param parallelism how many processes make may run at once
 */
export function dkmsRecipe(
  job: Job,
  dkms: DkmsJob,
  parallelism: Parallelism,
  mode: DkmsMode,
): string {
  const place = (placement: string) => posix.join(containerLayout.sources, placement);
  const values = {
    kt_mode: mode,
    kt_source: place(job.source.placement),
    kt_directory: dkms.directory,
    kt_kdir: job.kdir.path,
    kernelver: job.release,
    arch: dkms.machine,
    kt_debian: dkms.debian,
    kt_tool: `${driverTarget}/tool`,
    kt_prefix: dkms.prefix,
    kt_binutils: dkms.binutils,
    // dkms tells a dkms.conf how many; of a pool nobody knows.
    kt_jobs: 'processes' in parallelism ? String(parallelism.processes) : '1',
    kt_tokens: 'tokens' in parallelism ? containerLayout.tokens : '',
    kt_makeflags: `${tokenFlags(parallelism)}${makeFlags(dkms.variables)}`,
    kt_symvers: job.needs.map((id) => `${containerLayout.symvers}/${id}/Module.symvers`).join(' '),
    kt_available: job.dependencies.map(({ project }) => project.name).join(' '),
  };
  const beside = [
    ...dkms.with.map(({ name, placement }) => `${name}=${place(placement)}`),
    ...job.dependencies.map(
      ({ project, placement }) => `${posix.basename(project.directory)}=${place(placement)}`,
    ),
  ];
  const inputs = [
    ...Object.entries(values).map(([name, value]) => `${name}=${shellQuote(value)}`),
    `kt_directives=(${dkms.directives.map(shellQuote).join(' ')})`,
    `kt_with=(${beside.map(shellQuote).join(' ')})`,
  ];
  const run = `. ${driverTarget}/driver.bash`;
  return `exec bash -c ${shellQuote([...inputs, run].join('\n'))}`;
}

/** MAKEFLAGS that set variables as a command line would: for every make, whoever calls it. */
function makeFlags(variables: Record<string, string>): string {
  const words = Object.entries(variables).map(
    ([name, value]) => `${name}=${value.replaceAll('$', '$$$$').replaceAll(/[\s\\]/g, '\\$&')}`,
  );
  return words.length === 0 ? '' : ` -- ${words.join(' ')}`;
}
