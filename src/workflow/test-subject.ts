import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { archByName } from '../arch/arch.js';
import { userPaths } from '../engine/diagnostics.js';
import type { JobResult } from '../engine/job-result.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import { readModule } from '../module/read-module.js';
import { defaultTests, type ProjectTests } from '../project/project-tests.js';
import type { Project } from '../project/project.js';
import { loadKernels } from './loaded-kernel.js';
import type { Session } from './session.js';
import type { TestRequest } from './test.js';
import { decompressModule } from '../module/compression/decompress.js';

/** Modules that are tried together in a kernel, and how. */
export interface TestSubject {
  /** Id of the job that they came of; of modules that were given, the kernel's. */
  job: string;
  project: string;
  kdir: Kdir;
  /** Their files. */
  own: string[];
  /** Files of modules of projects that they depend on. */
  others: string[];
  tests: ProjectTests;
  /** The toolchain that they were built with, and what it calls its sources. */
  built?: { toolchain: string; imageId: string; toUserPath: (path: string) => string };
}

/** What was built, as subjects: jobs that failed have nothing to try. */
export function builtSubjects(
  results: readonly JobResult[],
  tests: ReadonlyMap<Project, ProjectTests>,
): TestSubject[] {
  const byId = new Map(results.map((result) => [result.job.id, result]));
  const filesOf = (result: JobResult | undefined) => result?.modules.map(({ file }) => file) ?? [];
  return results.flatMap((result): TestSubject[] => {
    const { job, imageId } = result;
    const how = tests.get(job.source.project);
    if (how === undefined || result.modules.length === 0) return [];
    return [
      {
        job: job.id,
        project: job.project,
        kdir: job.kdir,
        own: filesOf(result),
        others: job.needs.flatMap((id) => filesOf(byId.get(id))),
        tests: how,
        built: {
          toolchain: job.toolchain,
          imageId: imageId ?? '',
          toUserPath: userPaths(job),
        },
      },
    ];
  });
}

/**
 * Modules that are there, for the kernels that are named: each goes to the one that it was built for.
 * @throws KbuildError USAGE for a module of another kernel; KERNEL_*, KDIR_*, MODULE_*
 */
export async function givenSubjects(
  { files, kernels, kdirs, archs }: TestRequest,
  session: Session,
): Promise<TestSubject[]> {
  const refs = [...kdirs.map((path) => (/^[./~]/.test(path) ? path : `./${path}`)), ...kernels];
  if (refs.length === 0) {
    throw new KbuildError(
      'USAGE',
      'modules are tested in the kernel that they are for, and none is named',
      'Name it: --kernel debian:bookworm or the like, or --kdir PATH.',
    );
  }
  const named = await loadKernels(refs, archs.map(archByName), session);
  const subjects = new Map<Kdir, TestSubject>();
  for (const file of files) {
    const { modinfo, elf } = readModule(await decompressModule(readModuleFile(file)));
    const [release = ''] = modinfo.vermagic?.[0]?.split(' ') ?? [];
    const kernel = named.find(
      ({ kdir }) => kdir.release === release && archByName(kdir.arch).elf.machine === elf.machine,
    );
    if (kernel === undefined) {
      const known = named.map(({ kdir }) => `${kdir.release} (${kdir.arch})`).join(', ');
      throw new KbuildError(
        'USAGE',
        `${file} is built for ${release || 'no kernel that it names'}; the kernels that were named are ${known}`,
        'Name the kernel that it was built for: --kernel or --kdir.',
      );
    }
    const { kdir } = kernel;
    const subject = subjects.get(kdir) ?? {
      job: `${kdir.release}-${kdir.arch}`,
      project: files.map((path) => basename(path).replace(/\.ko.*$/, '')).join(', '),
      kdir,
      own: [],
      others: [],
      tests: defaultTests(),
    };
    subject.own.push(file);
    subjects.set(kdir, subject);
  }
  return [...subjects.values()];
}

function readModuleFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new KbuildError(
      'FILE_UNREADABLE',
      `${path} cannot be read: ${(error as Error).message}`,
      'Give the path of a kernel module: .ko, .ko.gz, .ko.xz or .ko.zst.',
    );
  }
}
