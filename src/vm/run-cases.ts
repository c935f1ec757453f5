import { KbuildError } from '../errors/kbuild-error.js';
import type { CaseRecord } from './case-record.js';
import { kvmBootTimeout, type AcceleratorChoice, type KvmKnowledge } from './accelerator.js';
import type { Accelerator } from './qemu-arguments.js';
import { runGuest, type GuestContext, type GuestRun, type GuestSpec } from './run-guest.js';
import type { TestCase } from './test-case.js';

/** What became of all cases of one kernel. */
export interface CasesRun {
  /** In the order of the cases. */
  records: CaseRecord[];
  /** Of each guest that came up. Milliseconds. */
  bootMs: number[];
  /** What the last of them ran with. */
  accelerator: Accelerator;
}

/** Guests, with the choice of their accelerator. */
export interface GuestsSpec extends Omit<GuestSpec, 'accelerator'> {
  choice: AcceleratorChoice;
  kvm: KvmKnowledge;
}

/**
 * Tries all cases in one kernel, in as few guests as will do: those that want one for themselves get it,
 * and one that was left in a bad state is not used any more.
 */
export async function runCases(
  cases: readonly TestCase[],
  spec: GuestsSpec,
  context: GuestContext,
): Promise<CasesRun> {
  const found = new Map<TestCase, CaseRecord>();
  const bootMs: number[] = [];
  let accelerator: Accelerator = 'tcg';
  const groups = [
    cases.filter(({ isolated }) => !isolated),
    ...cases.filter(({ isolated }) => isolated).map((one) => [one]),
  ];
  for (const group of groups) {
    let rest = group;
    while (rest.length > 0) {
      const run = await runWithBest(rest, spec, context);
      accelerator = run.accelerator;
      if (run.bootMs !== undefined) bootMs.push(run.bootMs);
      for (const [i, record] of run.records.entries()) {
        const testCase = rest[i];
        if (testCase !== undefined) found.set(testCase, record);
      }
      const tried = run.records.length;
      const [first] = run.records;
      // A kernel that does not come up would not do so the next time.
      const isDead = first?.at?.step === 'boot';
      if (isDead)
        for (const other of rest.slice(1)) found.set(other, { ...first, name: other.name });
      rest = isDead || tried === 0 ? [] : rest.slice(tried);
    }
  }
  return { records: cases.flatMap((one) => found.get(one) ?? []), bootMs, accelerator };
}

/** Where KVM may work and a guest does not come up with it, it is tried without. */
async function runWithBest(
  cases: readonly TestCase[],
  { choice, kvm, ...spec }: GuestsSpec,
  context: GuestContext,
): Promise<GuestRun & { accelerator: Accelerator }> {
  const accelerator = kvm.accelerator(spec.arch, choice);
  if (accelerator === 'tcg' || choice === 'kvm') {
    return { ...(await runGuest(cases, { ...spec, accelerator }, context)), accelerator };
  }
  const fast = { ...spec, accelerator, bootTimeoutMs: kvmBootTimeout };
  const run = await runGuest(cases, fast, context).catch((error: unknown) => {
    // QEMU itself may not get at the device: the one of an image has none.
    if (error instanceof KbuildError && error.code === 'VM_FAILED') return undefined;
    throw error;
  });
  if (run?.bootMs !== undefined) {
    await kvm.learn(true);
    return { ...run, accelerator };
  }
  const emulated = await runGuest(cases, { ...spec, accelerator: 'tcg' }, context);
  if (emulated.bootMs !== undefined) await kvm.learn(false);
  return { ...emulated, accelerator: 'tcg' };
}
