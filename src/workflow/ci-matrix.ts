import { relative } from 'node:path';
import { hostArch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { defaultKernelRef } from '../kernel/ref.js';
import type { Project } from '../project/project.js';

/** What one job of a CI system builds. */
export interface CiJob {
  /** Of letters, digits, `.`, `_` and `-`; unique. */
  name: string;
  /** Several are separated by commas. */
  kernel: string;
  /** Empty where the kernel itself says it: a KDIR, a description of a kernel, the runner's own. */
  arch: string;
  /** Relative to the repository's root, separated by blanks. */
  directories: string;
}

/** GitLab takes so many of one matrix, GitHub 256. */
const mostJobs = 200;

/**
 * A job for each kernel and architecture that the configurations of projects name; of more than CI
 * systems take, a job for each architecture.
 * @param projects those that were asked for; they may be for different kernels
 * @param directory what they were loaded from, relative to the root
 * @param root the repository's; absolute
 * @throws KbuildError USAGE for a directory that a shell would not take for one word
 */
export function ciMatrix(projects: readonly Project[], directory: string, root: string): CiJob[] {
  const all = jobsOf(projects, directory, root, false);
  const jobs = all.length > mostJobs ? jobsOf(projects, directory, root, true) : all;
  const taken = new Set<string>();
  return jobs.map((job) => ({ ...job, name: uniqueName(job, taken) }));
}

function jobsOf(
  projects: readonly Project[],
  directory: string,
  root: string,
  together: boolean,
): Omit<CiJob, 'name'>[] {
  const groups = new Map<string, Omit<CiJob, 'name'> & { members: string[] }>();
  for (const project of projects) {
    const named = project.kernels.length > 0 ? project.kernels : [defaultKernelRef];
    const refs = [...new Set(named.map((ref) => relativeRef(ref, root)))];
    const configured = project.archs.length > 0 ? project.archs : [hostArch().name];
    const [own, chosen] = [refs.filter(isOneArch), refs.filter((ref) => !isOneArch(ref))];
    const joined = together && chosen.length > 0 ? [chosen.join(',')] : chosen;
    for (const kernel of [...joined, ...own]) {
      for (const arch of isOneArch(kernel) ? [''] : new Set(configured)) {
        const key = JSON.stringify([kernel, arch]);
        const group = groups.get(key) ?? { kernel, arch, directories: '', members: [] };
        group.members.push(oneWord(relative(root, project.directory) || '.'));
        groups.set(key, group);
      }
    }
  }
  return [...groups.values()].map(({ kernel, arch, members }) => ({
    kernel,
    arch,
    directories: members.length === projects.length ? directory : members.join(' '),
  }));
}

const isOneArch = (ref: string): boolean => /^([./~]|source:|host(\/|$))/.test(ref);

/** A path of the configuration, which was made absolute, as it is called from the root. */
function relativeRef(ref: string, root: string): string {
  const [, prefix = '', path = ''] = /^(source:)?(\/.*)$/.exec(ref) ?? [];
  const inside = path === '' ? '' : relative(root, path);
  if (inside === '' || inside.startsWith('../')) return ref;
  return prefix === '' ? `./${inside}` : `${prefix}${inside}`;
}

/** @throws KbuildError USAGE */
export function oneWord(path: string): string {
  if (/^(?!-)[\w@+./-]+$/.test(path)) return path;
  throw new KbuildError(
    'USAGE',
    `the directory '${path}' cannot be named in a workflow: a shell would not take it for one word`,
    'Rename the directory.',
  );
}

function uniqueName({ kernel, arch }: Omit<CiJob, 'name'>, taken: Set<string>): string {
  const slug = [kernel, arch]
    .join('-')
    .replaceAll(/[^\w.]+/g, '-')
    .replaceAll(/\.?-+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  let name = slug;
  for (let n = 2; taken.has(name); n++) name = `${slug}-${n}`;
  taken.add(name);
  return name;
}
