import type { KernelReport } from './kernel-reports.js';

/** A line that a report begins with, or that says what it is. */
export interface Opening {
  pattern: RegExp;
  kind: KernelReport['kind'];
  /** The line up to which all lines are the report's; absent where its lines can only be told by their looks. */
  ends?: RegExp;
  /** The kernel says it again as long as it lasts. */
  lasts?: true;
}

const endTrace = /^---\[ end trace /;
const doubleRule = /^={20,}$/;

/** What comes first in a report of lib/bug.c, kernel/panic.c and others: what it is follows. */
export const cutHere: Opening = {
  pattern: /^-+\[ cut here \]-+$/,
  kind: 'warning',
  ends: endTrace,
};

/** The first that matches counts. */
const openings: readonly Opening[] = [
  cutHere,
  {
    pattern: /^Kernel panic - not syncing/,
    kind: 'panic',
    ends: /^---\[ end Kernel panic/,
  },
  { pattern: /^BUG: K(?:A|M)SAN: |^BUG: KFENCE: /, kind: 'kasan', ends: doubleRule },
  { pattern: /^BUG: KCSAN: /, kind: 'kcsan', ends: doubleRule },
  { pattern: /^UBSAN: /, kind: 'ubsan', ends: /^(?:={20,}$|---\[ end trace )/ },
  {
    pattern: /^kmemleak: \d+ new suspected memory leaks|^(?:kmemleak: )?unreferenced object 0x/,
    kind: 'kmemleak',
  },
  { pattern: /^list_(?:add|del)(?: corruption| double add)/, kind: 'list' },
  { pattern: /^refcount_t: /, kind: 'warning' },
  // arch/x86/mm/fault.c and kernel/traps.c, arch/arm64/mm/fault.c and kernel/traps.c
  {
    pattern:
      /^BUG: (?:kernel NULL pointer dereference|unable to handle |.*stack guard page)|^Unable to handle kernel |^Internal error: |^Oops: |^(?:general protection fault|divide error|invalid opcode|stack segment|double fault|int3|bounds|alignment check)\b.*: [0-9a-f]{4} \[#|^(?:traps: )?PANIC: double fault|^Insufficient stack space to handle exception/,
    kind: 'oops',
    ends: endTrace,
  },
  { pattern: /^[Kk]ernel BUG at /, kind: 'bug', ends: endTrace },
  {
    pattern: /^BUG: (?:scheduling while atomic|sleeping function called from invalid context)/,
    kind: 'atomic',
  },
  { pattern: /^BUG: Bad (?:page|rss-counter)/, kind: 'page' },
  // kernel/watchdog.c, kernel/watchdog_hld.c, kernel/workqueue.c
  {
    pattern: /^(?:watchdog: )?BUG: soft lockup|^BUG: workqueue lockup|^watchdog: .*hard LOCKUP/i,
    kind: 'lockup',
    lasts: true,
  },
  {
    pattern: /^(?:rcu: )?INFO: rcu\w* (?:self-)?detected (?:expedited )?stall/,
    kind: 'rcu',
    lasts: true,
  },
  {
    pattern: /^INFO: task .+ blocked .*for more than \d+ seconds/,
    kind: 'hung-task',
    lasts: true,
  },
  // The only one of lockdep's that has no stack.
  {
    pattern: /^WARNING: lock held when returning to user space!/,
    kind: 'lockdep',
    ends: /^(?:no|\d+) locks? held by /,
  },
  {
    pattern:
      /^(?:WARNING|INFO): (?:possible |suspicious RCU usage|inconsistent lock state|\S+-safe -> \S+-unsafe|held lock freed|bad unlock balance|bad contention|Nested lock was not taken|chain_key collision|\S+\/\d+ still has locks held)|^BUG: Invalid wait context|^\[ BUG: Invalid wait context \]/i,
    kind: 'lockdep',
    ends: /^stack backtrace:/,
  },
  { pattern: /^INFO: trying to register non-static key/, kind: 'lockdep' },
  // `WARNING: CPU: 0 PID: 1 at file:line function`; since 7.0 `WARNING: file:line at function, CPU#0: comm/pid`
  { pattern: /^WARNING: (?:CPU: \d+ PID: \d+ at |\S+:\d+ at )/, kind: 'warning', ends: endTrace },
  // mm/slub.c (`BUG kmalloc-64 (Tainted: G): Poison overwritten`), and all others
  { pattern: /^BUG: |^BUG \S+ \(.*\): /, kind: 'bug' },
];

export function openingOf(text: string): Opening | undefined {
  return openings.find(({ pattern }) => pattern.test(text));
}
