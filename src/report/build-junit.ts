import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import { errorCodes, type ErrorCode } from '../errors/codes.js';
import { diagnosticText } from './diagnostic-text.js';
import { sourcePlaceIn } from './source-place.js';
import { element, escape, seconds, xmlDocument } from './xml.js';

type Say = (diagnostic: JobRecord['diagnostics'][number]) => string;
type Unusable = NonNullable<Manifest['unusable']>[number];

/**
 * A build as JUnit XML, in the form that CI systems read: a suite for each kernel, a test case for each
 * job. What the sources are to blame for is a failure, what the machine or the kernel is, an error.
 * @param root directory that files are told relative to; absolute
 */
export function buildJunitXml({ jobs, unusable = [] }: Manifest, root: string): string {
  const placeOf = sourcePlaceIn(root);
  const say: Say = (diagnostic) => diagnosticText(diagnostic, (file) => placeOf(file).path);
  const kernels = new Map<string, JobRecord[]>();
  for (const job of jobs) {
    const key = JSON.stringify([job.release, job.arch, job.kdir.path]);
    kernels.set(key, [...(kernels.get(key) ?? []), job]);
  }
  const suites = [
    ...[...kernels.values()].map((some) => suite(some, say)),
    ...unusable.map(unusableSuite),
  ];
  return xmlDocument(
    element('testsuites', { name: 'kbuild-ts build', ...totals(jobs, unusable.length) }, suites),
  );
}

/** How bad a job's end is: `error` where the engine, the disk or a bug of ours ended it (exit 4, 70). */
function verdict({ status, error }: JobRecord): 'passed' | 'skipped' | 'failure' | 'error' {
  if (status === 'skipped') return 'skipped';
  if (status !== 'failed') return 'passed';
  const exit = errorCodes[(error?.code ?? 'INTERNAL') as ErrorCode];
  return exit === 4 || exit === 70 ? 'error' : 'failure';
}

function totals(jobs: readonly JobRecord[], others = 0): Record<string, string | number> {
  const count = (wanted: string) => jobs.filter((job) => verdict(job) === wanted).length;
  return {
    tests: jobs.length + others,
    failures: count('failure'),
    errors: count('error') + others,
    skipped: count('skipped'),
    time: seconds(jobs.reduce((sum, { milliseconds }) => sum + milliseconds, 0)),
  };
}

function suite(jobs: readonly JobRecord[], say: Say): string {
  const [{ release, arch, kdir }] = jobs as [JobRecord];
  const facts = Object.entries({ release, arch, kdir: kdir.path });
  return element('testsuite', { name: `${release} ${arch}`, ...totals(jobs) }, [
    element(
      'properties',
      {},
      facts.map(([name, value]) => element('property', { name, value }, [])),
    ),
    ...jobs.map((job) => testCase(job, say)),
  ]);
}

function testCase(job: JobRecord, say: Say): string {
  const { project, toolchain, release, arch, milliseconds, error, diagnostics, log } = job;
  const names = { name: `${project} ${toolchain}`, classname: `${release} ${arch}` };
  const kind = verdict(job);
  const outcome: string[] = [];
  if (kind === 'skipped') {
    outcome.push(element('skipped', { message: error?.message ?? '' }, []));
  } else if (kind !== 'passed' && error !== undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error').map(say);
    const said = errors.length > 0 ? errors : [error.message];
    outcome.push(
      element(kind, { type: error.code, message: firstLine(error.message) }, [
        escape([...said, `hint: ${error.hint}`].join('\n')),
      ]),
    );
  }
  const output = [
    ...diagnostics.filter(({ severity }) => severity === 'warning').map(say),
    ...(log === undefined ? [] : [`log: ${log}`]),
  ];
  return element('testcase', { ...names, time: seconds(milliseconds) }, [
    ...outcome,
    ...(output.length === 0 ? [] : [element('system-out', {}, [escape(output.join('\n'))])]),
  ]);
}

/** A kernel that was named and that nothing could be built for. */
function unusableSuite({ ref, release, arch, error }: Unusable): string {
  const name = [release ?? ref, arch].filter((part) => part !== undefined).join(' ');
  return element('testsuite', { name, ...totals([], 1) }, [
    element('testcase', { name: 'the kernel', classname: name, time: seconds(0) }, [
      element('error', { type: error.code, message: firstLine(error.message) }, [
        escape(`${error.message}\nhint: ${error.hint}`),
      ]),
    ]),
  ]);
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
