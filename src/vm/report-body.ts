/** What lines of a report look like that has no mark where it ends. */
const body: readonly RegExp[] = [
  // Frames, `<TASK>`, `      Tainted: …`, hex dumps, what kmemleak says
  /^\s/,
  /^Call [Tt]race:/,
  /^stack backtrace:/,
  /^---\[ end /,
  // show_regs() of x86, __show_regs() of arm64
  /^(?:RIP|RSP|RAX|RDX|RBP|R\d\d|[CDEFG]S|CR\d|DR\d|PKRU|EIP|ESI|EAX|ORIG_RAX): /,
  /^(?:pstate|pc|lr|sp|x\d+|pmr_save) ?: /,
  /^(?:Code|Workqueue|Hardware name|Modules linked in|Tainted|Sending NMI|NMI backtrace|Stack|Task dump|Stopper|Preemption disabled at)\b/,
  /^(?:CPU: \d+|last \w+: |unloaded tainted modules|Oops|Internal error|note: |Mem abort info|Data abort info|user pgtable|swapper pgtable|#PF: |PGD |P4D |BAD$)/,
  /^\[[0-9a-f]{8,16}\] (?:pgd|address between)/,
  /^KASAN: /,
  // panic()
  /^(?:Kernel Offset|PHYS_OFFSET|CPU features|Memory Limit|Rebooting in|SMP: stopping|Shutting down cpus|Dumping ftrace)/,
  // What hangs: kernel/hung_task.c, kernel/rcu/tree_stall.h
  /^(?:"echo 0 > |task:|rcu: |\(t=|\(detected by|INFO: lockdep is turned off|Showing all locks|\d+ locks? held by| #\d|Future hung task reports)/,
  // Atomic context: kernel/sched/core.c
  /^(?:in_atomic\(\)|preempt_count: |RCU nest depth|irq event stamp|hardirqs last|softirqs last)/,
  // mm/debug.c, mm/memory.c
  /^(?:page:|page: |page dumped|page_type|flags: |raw: |addr:|file:|head: |page_owner|page last )/,
  // lockdep
  /^(?:The code is fine but needs lockdep|you didn't initialize this object|turning off the locking)/,
];

/** Whether a line looks as if it belonged to a report before it. */
export function looksLikeBody(text: string): boolean {
  return body.some((pattern) => pattern.test(text));
}
