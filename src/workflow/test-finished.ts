import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Manifest } from '../artifact/manifest-schema.js';
import type { Publication } from '../artifact/publish.js';
import type { JobResult } from '../engine/job-result.js';
import type { Project } from '../project/project.js';
import type { ProjectTests } from '../project/project-tests.js';
import type { PackedModule } from '../release/pack/release-project.js';
import type { Unpublished } from './build.js';
import type { Session } from './session.js';
import { testStatus, type TestRequest } from './test.js';
import { testKernels } from './test-kernels.js';
import { builtSubjects } from './test-subject.js';

/**
 * Tries modules in their kernels as they will be packaged: stripped and signed.
 * @returns the manifest with `tests`, and the consoles
 */
export async function testFinished(
  { manifest, results }: Unpublished,
  finished: ReadonlyMap<JobResult, readonly PackedModule[]>,
  tests: ReadonlyMap<Project, ProjectTests>,
  request: TestRequest,
  session: Session,
): Promise<{ manifest: Manifest; consoles: Publication[] }> {
  const start = performance.now();
  const directory = join(session.scratch, 'finished');
  const written: JobResult[] = [];
  for (const result of results) {
    const place = join(directory, result.job.id);
    written.push({ ...result, modules: await writeModules(result, finished.get(result), place) });
  }
  const logs = join(session.scratch, 'consoles');
  await mkdir(logs, { recursive: true });
  const run = await testKernels(builtSubjects(written, tests), logs, request, session);
  const milliseconds = manifest.milliseconds + performance.now() - start;
  const tested: Manifest = { ...manifest, milliseconds, tests: run.tests };
  const status = testStatus(tested) === 0 ? 'succeeded' : 'failed';
  return { manifest: { ...tested, status }, consoles: run.consoles };
}

async function writeModules(
  { modules }: JobResult,
  finished: readonly PackedModule[] = [],
  directory: string,
): Promise<JobResult['modules']> {
  await mkdir(directory, { recursive: true });
  const written: JobResult['modules'] = [];
  for (const module of modules) {
    const name = basename(module.artifact.path).replace(/\.ko.*$/, '');
    const packed = finished.find((one) => one.name === name);
    if (packed === undefined) continue; // there are as many of one as of the other
    const file = join(directory, `${name}.ko`);
    await writeFile(file, packed.plain);
    written.push({ ...module, file });
  }
  return written;
}
