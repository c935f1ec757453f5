import { existsSync, readFileSync } from 'node:fs';
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
import type { CaseRecord } from '../vm/case-record.js';
import { judgeCase } from '../vm/judge-case.js';
import { openQemu } from '../vm/qemu.js';
import { findQemu } from '../vm/qemu-program.js';
import { runCases, type CasesRun } from '../vm/run-cases.js';
import type { TestCase } from '../vm/test-case.js';
import { decodeCases } from './decode-cases.js';
import { planCases, type PlannedCase } from './plan-cases.js';
import type { Session } from './session.js';
import type { TestRequest } from './test.js';
import type { TestSubject } from './test-subject.js';

/** What came of all subjects, and the consoles of their guests. */
export interface KernelsTested {
  tests: TestRecord[];
  consoles: Publication[];
}

/** How long an emulated kernel may take to come up, on a busy machine. Milliseconds. */
const bootTimeoutMs = 120_000;

/** Subjects that can share a guest: of one kernel, and of one kind of machine. */
interface Group {
  subjects: TestSubject[];
  /** Where its guests' console is published, relative to the output directory. */
  log: string;
}

/**
 * Tries subjects in the kernels that they are for; those that can share a guest do. As many guests run at
 * once as the request allows.
 * @param directory where the consoles' logs are written to
 */
export async function testKernels(
  subjects: readonly TestSubject[],
  directory: string,
  request: TestRequest,
  session: Session,
): Promise<KernelsTested> {
  const groups = groupsOf(subjects, request);
  const records = new Map<TestSubject, TestRecord>();
  const consoles: Publication[] = [];
  await eachAtOnce(groups, machinesAtOnce(groups, request), async (group) => {
    const { log } = group;
    const source = join(directory, basename(log));
    for (const [subject, record] of await testGroup(group, source, request, session)) {
      records.set(subject, record);
    }
    if (existsSync(source)) consoles.push({ source, target: log });
  });
  return { tests: subjects.flatMap((subject) => records.get(subject) ?? []), consoles };
}

function groupsOf(subjects: readonly TestSubject[], request: TestRequest): Group[] {
  const groups = new Map<string, Group>();
  const named = new Map<string, number>();
  for (const subject of subjects) {
    const { kdir } = subject;
    const key = JSON.stringify([kdir.identity, kdir.path, machineOf(subject, request)]);
    const known = groups.get(key);
    if (known !== undefined) {
      known.subjects.push(subject);
      continue;
    }
    const name = `${kdir.release}-${kdir.arch}`;
    const count = (named.get(name) ?? 0) + 1;
    named.set(name, count);
    const log = `logs/${name}${count === 1 ? '' : `-${count}`}.console.log`;
    groups.set(key, { subjects: [subject], log });
  }
  return [...groups.values()];
}

/** What the command line says counts for more than the configuration. */
function machineOf({ tests }: TestSubject, { machine }: TestRequest) {
  return {
    memoryBytes: machine.memoryBytes ?? tests.memoryBytes,
    cpus: machine.cpus ?? tests.cpus,
    commandLine: [...tests.commandLine, ...machine.commandLine],
  };
}

/** As many as are allowed, and as have room in memory; one at least. */
function machinesAtOnce(groups: readonly Group[], request: TestRequest): number {
  const largest = Math.max(
    1,
    ...groups.flatMap(({ subjects }) => subjects.map((one) => machineOf(one, request).memoryBytes)),
  );
  return Math.max(1, Math.min(request.machines, Math.floor(request.budget.memoryBytes / largest)));
}

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
  { subjects, log }: Group,
  console: string,
  request: TestRequest,
  session: Session,
): Promise<[TestSubject, TestRecord][]> {
  const [first] = subjects;
  if (first === undefined) return [];
  const { kdir } = first;
  try {
    const boot = await bootFilesOf(first, request, session);
    const planned = new Map<TestSubject, PlannedCase[]>();
    for (const subject of subjects) planned.set(subject, await planCases(subject, boot, request));
    const cases = [...planned.values()]
      .flat()
      .flatMap((one) => ('testCase' in one ? one.testCase : []));
    const arch = archByName(kdir.arch);
    const qemu = await openQemu(await findQemu(arch, session.suiteImage), session.runtime);
    const what = `test in ${kdir.release} (${kdir.arch})`;
    const version = qemu.version(); // asked while the kernel boots
    const run = await prepare(session.emit, what, async () =>
      runCases(
        cases,
        {
          arch,
          qemu,
          kernel: await fastestImage(boot, kdir, session),
          busybox: await busyboxFor(arch, session.provider),
          choice: request.machine.accelerator,
          kvm: new KvmKnowledge(session.cache, qemu.program),
          bootTimeoutMs,
          ...machineOf(first, request),
        },
        { scratch: session.scratch, log: console, signal: session.signal },
      ),
    );
    const found = new Map(cases.map((testCase, i) => [testCase, run.records[i]]));
    const tested: [TestSubject, TestRecord][] = [];
    for (const subject of subjects) {
      const all = planned.get(subject) ?? [];
      const records = await decodeCases(subject, all, found, session);
      const results = all.map((one, i) => caseRecord(one, records[i], log));
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

function caseRecord(
  planned: PlannedCase,
  record: CaseRecord | undefined,
  log: string,
): TestCaseRecord {
  if ('testCase' in planned && record !== undefined) {
    return { ...judgeCase(planned.testCase, record), log };
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
    verdict: 'failed',
    reasons: obstacles.map((text) => ({ code: 'NOT_REACHED', text })),
    end: 'completed',
    repetitions: 0,
    milliseconds: 0,
    modules: [],
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
