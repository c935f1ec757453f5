import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkOutput } from '../artifact/check-output.js';
import type { Manifest } from '../artifact/manifest-schema.js';
import type { Publication } from '../artifact/publish.js';
import type { TestRecord } from '../artifact/test-record-schema.js';
import { packageVersion } from '../data/package-root.js';
import { defaultTests } from '../project/project-tests.js';
import { buildUnpublished, publishAll } from './build.js';
import { checkCases, chooseCases } from './choose-cases.js';
import { Planning } from './plan.js';
import type { Session } from './session.js';
import type { TestRequest } from './test.js';
import { testKernels } from './test-kernels.js';
import { builtSubjects, givenSubjects, type TestSubject } from './test-subject.js';

/** Where the results of modules go that were not built here. */
const resultsDirectory = 'test-results';

/**
 * Builds what is asked for, or takes what is there, boots the kernels and tries the cases.
 * @returns the manifest, with `tests`; published with the consoles' logs
 */
export async function runTests(request: TestRequest, session: Session): Promise<Manifest> {
  const start = performance.now();
  const { manifest, files, subjects } = await subjectsOf(request, session);
  const logs = join(session.scratch, 'consoles');
  await mkdir(logs, { recursive: true });
  const { tests, consoles } = await testKernels(subjects, logs, request, session);
  const whole: Manifest = {
    ...manifest,
    milliseconds: performance.now() - start,
    status: manifest.status === 'succeeded' && tests.every(isPassed) ? 'succeeded' : 'failed',
    tests,
  };
  await publishAll([...files, ...consoles], whole);
  return whole;
}

const isPassed = ({ error, cases }: TestRecord): boolean =>
  error === undefined && cases.every(({ verdict }) => verdict === 'passed');

/** What is to be tried, and what was made for it. */
interface Subjects {
  manifest: Manifest;
  files: Publication[];
  subjects: TestSubject[];
}

async function subjectsOf(request: TestRequest, session: Session): Promise<Subjects> {
  if (request.files.length > 0) {
    checkCases(
      defaultTests().cases.map(({ name }) => name),
      request.cases,
    );
    const output = resolve(request.output ?? resultsDirectory);
    checkOutput(output);
    const manifest: Manifest = {
      schemaVersion: 1,
      tool: { name: 'kbuild-ts', version: packageVersion() },
      output,
      startedAt: new Date().toISOString(),
      milliseconds: 0,
      status: 'succeeded',
      jobs: [],
    };
    return { manifest, files: [], subjects: await givenSubjects(request, session) };
  }
  let tests: ReturnType<typeof chooseCases> = new Map();
  const planning = new Planning(request, session, (projects) => {
    tests = chooseCases(projects, request.cases);
  });
  const { manifest, files, results } = await buildUnpublished(request, session, planning);
  const subjects = builtSubjects(results, tests);
  return { manifest, files, subjects };
}
