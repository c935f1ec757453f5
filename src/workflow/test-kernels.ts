import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { archByName } from '../arch/arch.js';
import type { Publication } from '../artifact/publish.js';
import type { TestCaseRecord, TestRecord } from '../artifact/test-record-schema.js';
import { asKbuildError, type KbuildError } from '../errors/kbuild-error.js';
import { prepare } from '../events/prepare.js';
import { bootFiles, givenBootFiles, type BootFiles } from '../kernel/boot-files.js';
import { busyboxFor } from '../kernel/busybox.js';
import { parseKernelConfig } from '../kernel/config.js';
import { directBootImage, entersDirectly } from '../kernel/image/direct-boot.js';
import type { Kdir } from '../kernel/kdir.js';
import { KvmKnowledge } from '../vm/accelerator.js';
import { judgeCase } from '../vm/judge-case.js';
import { Machines } from '../vm/machines.js';
import { openQemu } from '../vm/qemu.js';
import { findQemu } from '../vm/qemu-program.js';
import { runCases, type CasesRun, type TriedCase } from '../vm/run-cases.js';
import type { TestCase } from '../vm/test-case.js';
import { decodeCases } from './decode-cases.js';
import type { PlannedCase } from './plan-cases.js';
import type { Session } from './session.js';
import { machineOf, machinesAtOnce, testGroups, type TestGroup } from './test-groups.js';
import type { TestRequest } from './test.js';
import type { TestSubject } from './test-subject.js';
import { tryCases } from './try-cases.js';

/** What came of all subjects, and the consoles of their guests. */
export interface KernelsTested {
  tests: TestRecord[];
  consoles: Publication[];
}

/** How long an emulated kernel may take to come up, on a busy machine. Milliseconds. */
const bootTimeoutMs = 120_000;

/**
 * Tries subjects in the kernels that they are for; those that can share a guest do. As many guests run at
 * once as the request allows, of one kernel or of several.
 * @param directory where the consoles' logs are written to
 */
export async function testKernels(
  subjects: readonly TestSubject[],
  directory: string,
  request: TestRequest,
  session: Session,
): Promise<KernelsTested> {
  const machines = new Machines(machinesAtOnce(subjects, request));
  const records = new Map<TestSubject, TestRecord>();
  await eachAtOnce(testGroups(subjects, request), machines.count, async (group) => {
    for (const [subject, record] of await testGroup(group, machines, directory, request, session)) {
      records.set(subject, record);
    }
  });
  return {
    tests: subjects.flatMap((subject) => records.get(subject) ?? []),
    consoles: readdirSync(directory)
      .sort()
      .map((name) => ({ source: join(directory, name), target: published(name) })),
  };
}

/** Where a console is published, relative to the output directory. */
const published = (path: string): string => `logs/${basename(path)}`;

async function eachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

async function testGroup(
  { subjects, name }: TestGroup,
  machines: Machines,
  directory: string,
  request: TestRequest,
  session: Session,
): Promise<[TestSubject, TestRecord][]> {
  const [first] = subjects;
  if (first === undefined) return [];
  const { kdir } = first;
  try {
    const boot = await bootFilesOf(first, request, session);
    const arch = archByName(kdir.arch);
    const qemu = await openQemu(await findQemu(arch, session.suiteImage), session.runtime);
    const what = `test in ${kdir.release} (${kdir.arch})`;
    const version = qemu.version(); // asked while the kernel boots
    const planning = { subjects, boot, request };
    let guests = 0;
    const consoleOf = () => {
      guests += 1;
      return join(directory, `${name}${guests === 1 ? '' : `.${guests}`}.console.log`);
    };
    const { planned, run } = await prepare(session.emit, what, async () => {
      const spec = {
        arch,
        qemu,
        kernel: await fastestImage(boot, kdir, session),
        busybox: await busyboxFor(arch, session.provider),
        choice: request.machine.accelerator,
        kvm: new KvmKnowledge(session.cache, qemu.program),
        bootTimeoutMs,
        ...machineOf(first, request),
      };
      const { scratch, signal } = session;
      const context = { scratch, consoleOf, machines, signal };
      return tryCases(planning, (cases) => runCases(cases, spec, context));
    });
    const tested: [TestSubject, TestRecord][] = [];
    for (const subject of subjects) {
      const all = planned.get(subject) ?? [];
      const records = await decodeCases(subject, all, run.tried, session);
      const results = all.map((one, i) => caseRecord(one, records[i]));
      tested.push([subject, recordOf(subject, { boot, run, version: await version }, results)]);
    }
    return tested;
  } catch (error) {
    const known = asKbuildError(error);
    if (known.code === 'INTERRUPTED' || known.code === 'INTERNAL') throw known;
    return subjects.map((subject) => [subject, failedRecord(subject, known)]);
  }
}

function bootFilesOf(
  { kdir }: TestSubject,
  { kernelImage }: TestRequest,
  { provider }: Session,
): Promise<BootFiles> {
  return kernelImage === undefined ? bootFiles(kdir, provider) : givenBootFiles(kernelImage, kdir);
}

async function fastestImage(
  { image }: BootFiles,
  { configPath }: Kdir,
  { cache }: Session,
): Promise<string> {
  const config = parseKernelConfig(readFileSync(configPath, 'utf8'));
  return entersDirectly(config) ? directBootImage(image, cache) : image;
}

function caseRecord(planned: PlannedCase, tried: TriedCase | undefined): TestCaseRecord {
  if ('testCase' in planned && tried !== undefined) {
    return { ...judgeCase(planned.testCase, tried.record), log: published(tried.console) };
  }
  const obstacles =
    'obstacles' in planned ? planned.obstacles : ['the virtual machine ended before'];
  return notTried('testCase' in planned ? planned.testCase : planned, obstacles);
}

function notTried(
  { name }: { name: string } | TestCase,
  obstacles: readonly string[],
): TestCaseRecord {
  const taint = { value: 0, letters: '' };
  return {
    name,
    verdict: obstacles.length === 0 ? 'passed' : 'failed',
    reasons: obstacles.map((text) => ({ code: 'NOT_REACHED', text })),
    end: 'completed',
    repetitions: 0,
    milliseconds: 0,
    modules: [],
    requests: [],
    unloads: [],
    taint: { before: taint, after: taint },
    leftBehind: [],
    reports: [],
    tail: [],
  };
}

function recordOf(
  { job, project, kdir }: TestSubject,
  { boot, run, version }: { boot: BootFiles; run: CasesRun; version: string | undefined },
  cases: TestCaseRecord[],
): TestRecord {
  const [bootMilliseconds] = run.bootMs;
  return {
    job,
    project,
    release: kdir.release,
    arch: kdir.arch,
    kernelImage: boot.image,
    accelerator: run.accelerator,
    ...(version !== undefined && { qemu: version }),
    ...(bootMilliseconds !== undefined && { bootMilliseconds }),
    cases,
  };
}

const failedRecord = ({ job, project, kdir }: TestSubject, error: KbuildError): TestRecord => ({
  job,
  project,
  release: kdir.release,
  arch: kdir.arch,
  error: error.toReport(),
  cases: [],
});
