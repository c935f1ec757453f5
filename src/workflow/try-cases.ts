import type { BootFiles } from '../kernel/boot-files.js';
import { judgeCase } from '../vm/judge-case.js';
import type { CasesRun, TriedCase } from '../vm/run-cases.js';
import type { TestCase } from '../vm/test-case.js';
import { planCases, type PlannedCase } from './plan-cases.js';
import type { TestRequest } from './test.js';
import type { TestSubject } from './test-subject.js';

/** How often a case is tried again: what it was given may have the kernel ask for more. */
const mostTimes = 3;

/** What is tried in one kernel. */
export interface CasesOfKernel {
  subjects: readonly TestSubject[];
  boot: BootFiles;
  request: TestRequest;
}

export interface CasesTried {
  /** As it was tried in the end. */
  planned: Map<TestSubject, PlannedCase[]>;
  run: CasesRun;
}

/**
 * Plans the cases of one kernel, and tries them. Which of the kernel's own modules a module asks for while it runs
 * (request_module) no file of it says. So a case that fails, and in which the kernel asked for such, is tried again
 * with these at hand.
 */
export async function tryCases(
  { subjects, boot, request }: CasesOfKernel,
  run: (cases: readonly TestCase[]) => Promise<CasesRun>,
): Promise<CasesTried> {
  const planned = new Map<TestSubject, PlannedCase[]>();
  for (const subject of subjects) planned.set(subject, await planCases(subject, boot, request));
  const whole = await run([...planned.values()].flat().flatMap(testCases));
  const tried = new Map(whole.tried);
  const asked = new Map<TestSubject, string[]>();
  for (let times = 0; times < mostTimes; times++) {
    const again: TestCase[] = [];
    for (const [subject, cases] of planned) {
      const known = asked.get(subject) ?? [];
      const names = new Set([...known, ...cases.flatMap((one) => unknownIn(one, tried))]);
      if (names.size === known.length) continue;
      asked.set(subject, [...names]);
      const anew = await planCases(subject, boot, request, [...names]);
      const chosen = cases.map((one, i) => better(one, anew[i], tried));
      again.push(...chosen.filter((one) => !cases.includes(one)).flatMap(testCases));
      planned.set(subject, chosen);
    }
    if (again.length === 0) break;
    const more = await run(again);
    for (const [testCase, one] of more.tried) tried.set(testCase, one);
    whole.bootMs.push(...more.bootMs);
  }
  return { planned, run: { ...whole, tried } };
}

const testCases = (one: PlannedCase): TestCase[] => ('testCase' in one ? [one.testCase] : []);

type Tried = ReadonlyMap<TestCase, TriedCase>;

/** What the kernel asked for in vain, in a case that failed. */
function unknownIn(one: PlannedCase, tried: Tried): string[] {
  const [testCase] = testCases(one);
  const record = testCase && tried.get(testCase)?.record;
  if (testCase === undefined || record === undefined) return [];
  const unknown = record.requests.filter(({ isUnknown }) => isUnknown).map(({ name }) => name);
  if (unknown.length === 0 || judgeCase(testCase, record).verdict === 'passed') return [];
  return unknown;
}

/** The new plan of a case, if its kernel can be given more by it and had asked for something. */
function better(old: PlannedCase, anew: PlannedCase | undefined, tried: Tried): PlannedCase {
  if (anew === undefined || unknownIn(old, tried).length === 0) return old;
  const count = (one: PlannedCase) =>
    testCases(one).flatMap(({ requests }) => Object.keys(requests.loads)).length;
  return count(anew) > count(old) ? anew : old;
}
