import { describe, expect, it } from 'vitest';
import {
  logOf,
  recordedKernels,
  recordedLog,
  recordedLogs,
} from '../../test/support/kernel-log.js';
import { findReports, type KernelReport } from './kernel-reports.js';

/** What is to be found in a log: its first report. */
interface Expected {
  kind: KernelReport['kind'];
  title: RegExp;
  /** The module's own functions in the stack, innermost first, without what compilers append. */
  functions: string[];
}

const nullPointer =
  /^(?:BUG: kernel NULL pointer dereference, address|Unable to handle kernel NULL)/;

const expected: Record<string, Expected | undefined> = {
  atomic_sleep: {
    kind: 'atomic',
    title: /^BUG: scheduling while atomic: insmod\//,
    functions: ['sleep_locked', 'atomic_sleep_init'],
  },
  bad_list: {
    kind: 'list',
    title: /^list_del corruption, .*->next is LIST_POISON1/,
    functions: ['remove_entry', 'bad_list_init'],
  },
  bad_refcount: {
    kind: 'warning',
    title: /^refcount_t: underflow; use-after-free\.$/,
    functions: ['bad_refcount_init'],
  },
  boot_panic: {
    kind: 'panic',
    title: /^Kernel panic - not syncing: IO-APIC \+ timer doesn't work!/,
    functions: [],
  },
  bug_init: {
    kind: 'bug',
    title: /^kernel BUG at .*bug_init\.c:9!$/,
    functions: ['bug_init_init'],
  },
  oops_init: { kind: 'oops', title: nullPointer, functions: ['fill'] },
  oops_panic: { kind: 'panic', title: nullPointer, functions: ['fill'] },
  panic_init: {
    kind: 'panic',
    title: /^Kernel panic - not syncing: nothing is left to do, code 7$/,
    functions: ['give_up', 'panic_init_init'],
  },
  panic_on_warn: {
    kind: 'panic',
    title: /^WARNING: .*warn_init\.c:7 /,
    functions: ['check', 'warn_init_init'],
  },
  sleep_init: {
    kind: 'hung-task',
    title: /^INFO: task insmod:\d+ blocked for more than 2 seconds\.$/,
    functions: ['sleep_init_init'],
  },
  spin_init: {
    kind: 'lockup',
    title: /^watchdog: BUG: soft lockup - CPU#0 stuck for \d+s! \[insmod:\d+\]$/,
    functions: ['wait_until_done'],
  },
  warn_init: {
    kind: 'warning',
    title: /^WARNING: .*warn_init\.c:7 /,
    functions: ['check', 'warn_init_init'],
  },
  // What nothing is wrong in
  boot: undefined,
  no_device: undefined,
};

const functionsOf = ({ stack }: KernelReport) =>
  stack.filter(({ text }) => text.includes('[')).map(({ text }) => text.replace(/[.+].*$/, ''));

describe.each(recordedKernels)('the logs of %s', (kernel) => {
  it.each(recordedLogs(kernel))('are understood: %s', (name) => {
    expect(Object.keys(expected)).toContain(name);
    const reports = findReports(recordedLog(kernel, name));
    const wanted = expected[name];
    if (wanted === undefined) {
      expect(reports).toEqual([]);
      return;
    }
    const [report, ...others] = reports;
    expect(report).toMatchObject({ kind: wanted.kind });
    expect(report!.title).toMatch(wanted.title);
    const inModule = functionsOf(report!);
    for (const one of wanted.functions) expect(inModule).toContain(one);
    expect(report!.stack.some(({ text }) => text.startsWith('? '))).toBe(false);
    // What follows from it, and is told as a WARNING of the kernel's own.
    for (const other of others) {
      expect(other.kind).toBe('warning');
      expect(other.title).toMatch(/(?:init|kernel|arch\/arm64)\/[\w\/]+\.c:\d+ /);
    }
  });
});

describe('a report', () => {
  it('has the frames of the place where the CPU was, and once', () => {
    const [report] = findReports(recordedLog('6.1-arm64', 'warn_init'));
    expect(report!.stack.slice(0, 3)).toEqual([
      { text: 'check.constprop.0+0x24/0xff4 [warn_init]', interrupted: true },
      { text: 'warn_init_init+0x18/0x1000 [warn_init]' },
      { text: 'do_one_initcall+0x64/0x26c' },
    ]);
  });

  it('has its own lines alone', () => {
    const [report] = findReports(recordedLog('6.1-x86_64', 'warn_init'));
    expect(report!.lines[0]!.text).toMatch(/\[ cut here \]/);
    expect(report!.lines.at(-1)!.text).toMatch(/^---\[ end trace/);
    const [atomic] = findReports(recordedLog('6.1-x86_64', 'atomic_sleep'));
    expect(atomic!.lines.at(-1)!.text).toBe(' </TASK>');
  });

  it('of a task that stays blocked is one', () => {
    const reports = findReports(recordedLog('6.1-arm64', 'sleep_init'));
    expect(reports).toHaveLength(1);
    const said = reports[0]!.lines.filter(({ text }) => text.startsWith('INFO: task'));
    expect(said.length).toBeGreaterThan(1);
  });
});

describe('what Debian’s kernels do not check', () => {
  it('KASAN, with the panic that follows', () => {
    const reports = findReports(
      logOf(`
==================================================================
BUG: KASAN: slab-out-of-bounds in kmalloc_oob_right+0xa8/0xbc [kasan_test]
Write of size 1 at addr ffff8801f44ec37b by task insmod/2760

CPU: 1 PID: 2760 Comm: insmod Not tainted 4.19.0-rc3+ #698
Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.10.2-1 04/01/2014
Call Trace:
 dump_stack+0x94/0xd8
 kmalloc_oob_right+0xa8/0xbc [kasan_test]
 ? 0xffffffffa0008000
 kmalloc_tests_init+0x16/0x700 [kasan_test]

Allocated by task 2760:
 save_stack+0x43/0xd0
 __kmalloc_track_caller+0x190/0x280

Memory state around the buggy address:
 ffff8801f44ec200: fb fb fb fb fb fb fb fb fc fc fc fc fc fc fc fc
>ffff8801f44ec300: 00 00 00 00 00 00 00 03 fc fc fc fc fc fc fc fc
==================================================================
Disabling lock debugging due to kernel taint
Kernel panic - not syncing: kasan.fault=panic set ...`),
    );
    expect(reports.map(({ kind }) => kind)).toEqual(['panic']);
    expect(reports[0]!.title).toMatch(/^BUG: KASAN: slab-out-of-bounds/);
    expect(reports[0]!.stack.map(({ text }) => text)).toEqual([
      'dump_stack+0x94/0xd8',
      'kmalloc_oob_right+0xa8/0xbc [kasan_test]',
      'kmalloc_tests_init+0x16/0x700 [kasan_test]',
    ]);
  });

  it('lockdep without a stack: it tells where the lock was taken', () => {
    const reports = findReports(
      logOf(`
================================================
WARNING: lock held when returning to user space!
6.1.187-debug #1 Tainted: G           O
------------------------------------------------
insmod/61 is leaving the kernel with locks still held!
1 lock held by insmod/61:
 #0: ffffffffa0000080 (lock#2){+.+.}-{3:3}, at: keeps_lock_init+0x1c/0x1000 [keeps_lock]
hello: loaded
BUG: scheduling while atomic: insmod/62/0x00000201
1 lock held by insmod/62:
 #0: ffffffffa0000080 (lock){+.+.}-{2:2}, at: sleep_locked+0x11/0x20 [atomic_sleep]
Call Trace:
 <TASK>
 dump_stack_lvl+0x5c/0x80
 sleep_locked+0x1b/0x20 [atomic_sleep]`),
    );
    expect(reports.map(({ kind, stack }) => [kind, stack.map(({ text }) => text)])).toEqual([
      ['lockdep', ['keeps_lock_init+0x1c/0x1000 [keeps_lock]']],
      ['atomic', ['dump_stack_lvl+0x5c/0x80', 'sleep_locked+0x1b/0x20 [atomic_sleep]']],
    ]);
    expect(reports[0]!.lines.at(-1)!.text).toMatch(/^ #0: /);
  });

  it('RCU, whose own thread is not what keeps it waiting', () => {
    const [report] = findReports(
      logOf(`
rcu: INFO: rcu_sched self-detected stall on CPU
rcu: \t0-...!: (2000 ticks this GP) idle=0024/1/0x4000000000000000 softirq=996/996 fqs=0
rcu: RCU grace-period kthread stack dump:
task:rcu_sched       state:I stack:0     pid:11    ppid:2      flags:0x00004000
Call Trace:
 <TASK>
 __schedule+0x3c6/0xc00
 rcu_gp_kthread+0x107/0x1a0
 </TASK>
rcu: Stack dump where RCU GP kthread last ran:
CPU: 0 PID: 33 Comm: busybox Tainted: G           O       6.1.192-debug #1
RIP: 0010:ktime_get+0x126/0x140
Call Trace:
 <TASK>
 read_for_long+0x18/0x23 [rcu_stall]
 rcu_stall_init+0xb8/0x1000 [rcu_stall]
 </TASK>`),
    );
    expect(report!.stack.map(({ text }) => text)).toEqual([
      'ktime_get+0x126/0x140',
      'read_for_long+0x18/0x23 [rcu_stall]',
      'rcu_stall_init+0xb8/0x1000 [rcu_stall]',
    ]);
  });

  it('kmemleak, which tells of each leak, and then how many there are', () => {
    const reports = findReports(
      logOf(`
kmemleak: unreferenced object 0xffff888003ad1a40 (size 32):
kmemleak:   comm "insmod", pid 61, jiffies 4294943613
kmemleak:   hex dump (first 32 bytes):
kmemleak:     61 20 6e 61 6d 65 20 74 68 61 74 20 6e 6f 62 6f  a name that nobo
kmemleak:   backtrace:
kmemleak:     [<00000000a9e8a4a2>] kstrdup+0x3c/0x70
kmemleak:     [<(____ptrval____)>] 0xffffffffa0005015
kmemleak: unreferenced object 0xffff888003ad1a80 (size 8):
kmemleak:   comm "insmod", pid 61, jiffies 4294943613
kmemleak:   backtrace (crc 0):
kmemleak:     kmalloc_trace+0x2c/0xc0
kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
bye`),
    );
    expect(reports.map(({ kind, stack }) => [kind, stack.map(({ text }) => text)])).toEqual([
      ['kmemleak', ['kstrdup+0x3c/0x70', '0xffffffffa0005015']],
      ['kmemleak', ['kmalloc_trace+0x2c/0xc0']],
    ]);
    expect(reports[1]!.lines).toHaveLength(5);
  });

  it.each([
    ['kcsan', 'BUG: KCSAN: data-race in test_kernel_read / test_kernel_write'],
    ['ubsan', 'UBSAN: array-index-out-of-bounds in /build/bad_index/bad_index.c:13:16'],
    ['kmemleak', 'kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'],
    ['lockdep', 'WARNING: possible circular locking dependency detected'],
    ['lockdep', 'WARNING: possible recursive locking detected'],
    ['lockdep', 'WARNING: inconsistent lock state'],
    ['lockdep', 'WARNING: suspicious RCU usage'],
    ['lockdep', 'WARNING: held lock freed!'],
    ['lockdep', 'WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected'],
    ['lockdep', 'WARNING: insmod/61 still has locks held!'],
    ['rcu', 'rcu: INFO: rcu_sched detected stalls on CPUs/tasks:'],
    ['lockup', 'watchdog: Watchdog detected hard LOCKUP on cpu 0'],
    ['lockup', 'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!'],
    ['atomic', 'BUG: sleeping function called from invalid context at mm/slab.h:420'],
    ['page', 'BUG: Bad page state in process insmod  pfn:10a3c8'],
    [
      'oops',
      'general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1]',
    ],
    [
      'oops',
      'Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP',
    ],
    ['oops', 'Internal error: synchronous external abort: 0000000096000010 [#1] SMP'],
    ['bug', 'BUG kmalloc-64 (Tainted: G    B      OE): Object already free'],
  ])('%s: %s', (kind, title) => {
    const reports = findReports(logOf(`hello: loaded\n${title}\nCall Trace:\n f+0x1/0x2\nbye`));
    expect(reports).toMatchObject([{ kind, title, stack: [{ text: 'f+0x1/0x2' }] }]);
  });
});
