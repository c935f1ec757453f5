import { taintsIn } from '../artifact/taint-flags.js';
import type { CaseRecord } from './case-record.js';
import type { Reason } from './case-result.js';
import { firstFrame, frameText, quote } from './case-words.js';
import type { KernelReport } from './kernel-reports.js';
import type { TestCase } from './test-case.js';

const kinds: Record<KernelReport['kind'], string> = {
  panic: 'a panic',
  oops: 'an oops',
  bug: 'a BUG',
  warning: 'a warning',
  kasan: 'a bad memory access (KASAN)',
  ubsan: 'undefined behaviour (UBSAN)',
  kcsan: 'a data race (KCSAN)',
  kmemleak: 'memory that leaked (kmemleak)',
  lockdep: 'a fault in locking (lockdep)',
  rcu: 'a stall or misuse of RCU',
  'hung-task': 'a task that hangs',
  lockup: 'a lockup of a CPU',
  atomic: 'sleeping in atomic context',
  page: 'a bad page',
  list: 'a corrupted list',
};

/** What says where it hangs. Other reports come before, and are most likely why. */
const ofHanging = new Set<KernelReport['kind']>(['hung-task', 'lockup', 'rcu']);

/** What the kernel complained of. `causes`: why the case hangs, if it does. */
export function reportReasons(
  testCase: TestCase,
  record: CaseRecord,
): { causes: Reason[]; others: Reason[] } {
  const isCause = ({ kind }: KernelReport) => record.end === 'hang' && !ofHanging.has(kind);
  const { reports } = record;
  return {
    causes: reasonsOf(reports.filter(isCause), testCase, record),
    others: reasonsOf(
      reports.filter((report) => !isCause(report)),
      testCase,
      record,
    ),
  };
}

/** Each with the first place of a module in its stack. */
function reasonsOf(
  reports: readonly KernelReport[],
  { loads }: TestCase,
  { end }: CaseRecord,
): Reason[] {
  const tested = loads.filter(({ module }) => module.role === 'tested');
  const names = [...tested, ...loads].map(({ module }) => module.name);
  return reports
    .filter(({ kind }) => kind !== 'panic' || end !== 'panic') // the end tells of it
    .map((report) => {
      const frame = firstFrame(report, names);
      const where = frame === undefined ? '' : `, in ${frameText(frame)}`;
      return {
        code: 'KERNEL_REPORT',
        text: `the kernel reported ${kinds[report.kind]}: ${quote(report.title)}${where}`,
      };
    });
}

/** What an out-of-tree, unsigned or proprietary module sets by being loaded. */
const ofLoading = new Set(['O', 'E', 'P']);

/** What a report says better than the flag that it sets. */
const ofReports = new Set(['D', 'W', 'L', 'B', 'M']);

/** Taint flags that were set, and that loading such a module does not explain. */
export function taintReasons({ taint, reports, end }: CaseRecord): Reason[] {
  const before = new Set(taintsIn(taint.before).map(({ letter }) => letter));
  const isTold = reports.length > 0 || end === 'panic';
  return taintsIn(taint.after)
    .filter(({ letter }) => !before.has(letter) && !ofLoading.has(letter))
    .filter(({ letter }) => !(isTold && ofReports.has(letter)))
    .map(({ letter, meaning }) => ({
      code: 'TAINTED',
      text: `the kernel is tainted ${letter} since: ${meaning}`,
    }));
}
