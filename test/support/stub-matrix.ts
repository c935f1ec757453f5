import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { JobStore } from '../../src/engine/job-store.js';
import { readModule } from '../../src/module/read-module.js';
import type { Job } from '../../src/plan/job.js';
import { plan } from '../../src/workflow/plan.js';
// Loaded here: a loader that compiles as it goes gives an unfinished module to those who ask for it at once.
import '../../src/kernel/providers/path.js';
import { withSession } from '../../src/workflow/session.js';
import { build } from './cli.js';
import { healthyKdir, healthyTools } from './healthy-kdir.js';
import { release as templateRelease } from './kdir-tree.js';
import { moduleSource } from './project.js';
import { kernelFor, symversText } from './symvers.js';
import type { FileTree } from './temporary-directory.js';

/**
 * Many small projects and many KDIRs that are stubs, with all jobs of them in a cache, as if they
 * had been built: what a plan and a run that finds all in the cache cost by themselves. One module
 * is really compiled; those of the other jobs are this one with another name and another release,
 * letter for letter as long.
 */
export interface StubMatrix {
  projects: string[];
  kdirs: string[];
  /** `KBUILD_TS_CACHE_DIR` of the runs. */
  cache: string;
  /** The size of each module. Bytes. */
  moduleSize: number;
}

/** How many there may be: two digits tell releases apart, three projects. */
export const mostKernels = 100;

/** A module that takes symbols of its kernel. */
const source = moduleSource(`
static int __init stub_init(void)
{
	pr_info("loaded\\n");
	return 0;
}
module_init(stub_init);
static void __exit stub_exit(void)
{
	pr_info("gone\\n");
}
module_exit(stub_exit);
`);

const templateName = 'stub000';
const nameOf = (n: number): string => `stub${String(n).padStart(3, '0')}`;
const releaseOf = (n: number): string =>
  templateRelease.replace(/-\d+-/, `-${String(n).padStart(2, '0')}-`);

/**
 * Writes a matrix into an empty directory. Needs an engine and the kernel of the template
 * (debian:bookworm, arm64) for the one module.
 */
export async function writeStubMatrix(
  directory: string,
  counts: { projects: number; kernels: number },
): Promise<StubMatrix> {
  const template = await compileTemplate(join(directory, 'template'));
  const info = readModule(template);
  const layout = symversText({ name: 'module_layout', crc: info.moduleLayoutCrc });
  const symvers = layout + kernelFor(info);
  const projects = range(counts.projects).map((n) => {
    const name = nameOf(n);
    const path = join(directory, 'projects', name);
    writeFiles(path, {
      Kbuild: `obj-m := ${name}.o\n`,
      [`${name}.c`]: source,
    });
    return path;
  });
  const kdirs = range(counts.kernels).map((n) => {
    const path = join(directory, 'kernels', releaseOf(n));
    writeFiles(path, {
      ...healthyKdir(),
      'Module.symvers': symvers,
      'include/generated/utsrelease.h': `#define UTS_RELEASE "${releaseOf(n)}"\n`,
    });
    for (const tool of healthyTools) chmodSync(join(path, tool), 0o755);
    return path;
  });
  const matrix = {
    projects,
    kdirs,
    cache: join(directory, 'cache'),
    moduleSize: template.length,
  };
  await fillCache(matrix, template);
  return matrix;
}

const range = (length: number): number[] => Array.from({ length }, (_, n) => n);

function writeFiles(directory: string, files: FileTree): void {
  for (const [name, content] of Object.entries(files)) {
    if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
      throw new Error(`${name} is no plain file`);
    }
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

/** Builds the module of the first project for the kernel whose release the stubs vary. */
async function compileTemplate(directory: string): Promise<Buffer> {
  writeFiles(directory, {
    Kbuild: `obj-m := ${templateName}.o\n`,
    [`${templateName}.c`]: source,
    // No debug information: it would be 20 times as large as the module.
    'kbuild.config.yaml': `name: ${templateName}\nmake: { KCFLAGS: -g0 }\n`,
  });
  const { document } = await build([directory, '-k', 'debian:bookworm', '--arch', 'arm64']);
  const [artifact] = document.jobs.flatMap(({ artifacts }) => artifacts);
  if (artifact === undefined) {
    throw new Error(`the template was not built: ${JSON.stringify(document.error ?? document)}`);
  }
  const bytes = readFileSync(join(document.output, artifact.path));
  const [vermagic = ''] = readModule(bytes).modinfo.vermagic ?? [];
  if (vermagic.split(' ')[0]?.length !== templateRelease.length) {
    throw new Error(`the template is for ${vermagic}, which is not as long as ${templateRelease}`);
  }
  return bytes;
}

/** Puts a module for each job into the cache, as a build would. */
async function fillCache({ projects, kdirs, cache }: StubMatrix, template: Buffer): Promise<void> {
  const [vermagic = ''] = readModule(template).modinfo.vermagic ?? [];
  const [compiledFor = ''] = vermagic.split(' ');
  const text = template.toString('latin1');
  const moduleOf = ({ project, release }: Job): Buffer =>
    Buffer.from(text.replaceAll(templateName, project).replaceAll(compiledFor, release), 'latin1');
  const options = {
    cache,
    runtime: 'docker' as const,
    emit: () => undefined,
    signal: new AbortController().signal,
  };
  await withSession(options, async (session) => {
    const request = {
      directories: projects,
      kdirs,
      archs: [],
      kernels: [],
      toolchains: [],
      runtime: 'docker' as const,
      prepare: 'auto' as const,
      failFast: false,
    };
    const { jobs } = await plan(request, session);
    const log = join(session.scratch, 'log');
    writeFileSync(log, '  CC [M]  stub.o\n  LD [M]  stub.ko\n');
    const store = new JobStore(join(cache, 'jobs'));
    for (const job of jobs) {
      await store.save(job.key, {
        modules: [{ path: `${job.project}.ko`, bytes: moduleOf(job) }],
        symvers: '',
        log,
        diagnostics: [],
        imageId: 'sha256:stub',
        milliseconds: 1000,
      });
    }
  });
}
