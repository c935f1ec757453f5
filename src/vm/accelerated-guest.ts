import { asKbuildError } from '../errors/kbuild-error.js';
import { kvmBootTimeout, type AcceleratorChoice, type KvmKnowledge } from './accelerator.js';
import type { Accelerator } from './qemu-arguments.js';
import { runGuest, type GuestContext, type GuestRun, type GuestSpec } from './run-guest.js';
import type { TestCase } from './test-case.js';

/** Guests, with the choice of their accelerator. */
export interface GuestsSpec extends Omit<GuestSpec, 'accelerator'> {
  choice: AcceleratorChoice;
  kvm: KvmKnowledge;
}

/** What came of a guest, and what it ran with. */
export interface AcceleratedRun extends GuestRun {
  accelerator: Accelerator;
}

/**
 * Runs a guest. Where KVM may work and it does not come up with it, it is run without.
 * @throws KbuildError VM_FAILED, INTERRUPTED
 */
export async function runAccelerated(
  cases: readonly TestCase[],
  { choice, kvm, ...spec }: GuestsSpec,
  context: GuestContext,
): Promise<AcceleratedRun> {
  const accelerator =
    choice === 'auto' && !spec.qemu.mayUseKvm ? 'tcg' : kvm.accelerator(spec.arch, choice);
  if (accelerator === 'tcg' || choice === 'kvm') {
    return { ...(await runGuest(cases, { ...spec, accelerator }, context)), accelerator };
  }
  const fast = { ...spec, accelerator, bootTimeoutMs: kvmBootTimeout };
  const run = await runGuest(cases, fast, context).catch(unlessInterrupted);
  if (run?.bootMs !== undefined) {
    await kvm.learn(true);
    return { ...run, accelerator };
  }
  const emulated = await runGuest(cases, { ...spec, accelerator: 'tcg' }, context);
  if (emulated.bootMs !== undefined) await kvm.learn(false);
  return { ...emulated, accelerator: 'tcg' };
}

/** QEMU itself may have ended, for want of KVM; without KVM it is found out whether for that. */
function unlessInterrupted(error: unknown): undefined {
  if (asKbuildError(error).code !== 'VM_FAILED') throw error;
}
