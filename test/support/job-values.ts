import type { Kdir } from '../../src/kernel/kdir.js';
import type { Job } from '../../src/plan/job.js';
import type { MakeOptions } from '../../src/plan/make-line.js';
import { planJobs } from '../../src/plan/plan-jobs.js';
import type { Project } from '../../src/project/project.js';
import { listSourceFiles } from '../../src/project/source-files.js';
import { toolchainByName } from '../../src/toolchain/toolchain.js';
import { temporaryDirectory, type FileTree } from './temporary-directory.js';

/** The KDIR of Debian 12 for which the modules of test/fixtures/modules/ were built. */
export function kdirOf(arch: 'arm64' | 'x86_64', changes: Partial<Kdir> = {}): Kdir {
  const arm64 = arch === 'arm64';
  const release = arm64 ? '6.1.0-56-arm64' : '6.1.0-56-amd64';
  const path = `/usr/src/linux-headers-${release}`;
  return {
    path,
    inPlace: false,
    release,
    arch,
    compiler: { family: 'gcc', major: 12, text: 'gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0' },
    vermagic: arm64
      ? `${release} SMP mod_unload modversions aarch64`
      : `${release} SMP preempt mod_unload modversions `,
    modversions: true,
    signing: { enabled: true, force: false, hash: 'sha256' },
    compression: 'none',
    hostTools: { machine: 62, glibc: '2.34' },
    configPath: `/cache/kernels${path}/.config`,
    symversPath: `/cache/kernels${path}/Module.symvers`,
    mounts: [{ source: `/cache/kernels${path}`, target: path }],
    identity: `identity of ${release}`,
    suite: 'bookworm',
    ...changes,
  };
}

/** A project of the files that lie in a directory. */
export function projectAt(directory: string, changes: Partial<Project> = {}): Project {
  const { output = `${directory}/dist`, files = listSourceFiles(directory, output) } = changes;
  return {
    name: 'hello',
    directory,
    method: { kind: 'kbuild' },
    files,
    expected: [],
    depends: [],
    make: {},
    kernels: [],
    archs: [],
    toolchains: [],
    buildDeps: [],
    output,
    ...changes,
  };
}

/** A project of these files, in a directory of its own. */
export function projectOf(
  files: FileTree = { Kbuild: 'obj-m := hello.o\n', 'hello.c': '/* hello */\n' },
  changes: Partial<Project> = {},
): Project {
  return projectAt(temporaryDirectory(files), changes);
}

/** The one job of a project for one KDIR, with gcc-12 on an x86_64 machine. */
export function jobOf(
  project: Project = projectOf(),
  kdir: Kdir = kdirOf('arm64'),
  options: MakeOptions = {},
): Job {
  const targets = [{ kdir, toolchain: toolchainByName('gcc-12') }];
  const [job] = planJobs([{ project, targets }], 'x86_64', options);
  if (job === undefined) throw new Error('no job was planned');
  return job;
}
