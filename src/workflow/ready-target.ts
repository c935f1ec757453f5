import { hostArch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Resolution } from '../kernel/providers/port.js';
import type { MendedKdir } from '../kernel/layer/mend-kdir.js';
import type { Target } from '../plan/plan-jobs.js';
import { checkToolchain } from '../toolchain/select.js';
import type { Toolchain } from '../toolchain/toolchain.js';
import type { Session } from './session.js';

/** A target, and what was done to its KDIR. */
export interface ReadyTarget extends Target {
  /** A sentence each; empty for a KDIR that was ready. */
  mended: string[];
  fromCache: boolean;
}

/**
 * A kernel with a toolchain, its KDIR mended where it must be.
 * @param prepare false: a KDIR that is not ready is refused
 * @throws KbuildError KDIR_*, TOOLCHAIN_*, FETCH_FAILED for a kernel that cannot be used
 */
export async function readyTarget(
  kernel: Resolution,
  toolchain: Toolchain,
  prepare: boolean,
  session: Session,
): Promise<ReadyTarget> {
  const problem = problemOf(kernel, toolchain);
  const mended = prepare ? await mendFor(kernel, problem, toolchain, session) : undefined;
  if (mended !== undefined) {
    const { kdir, done, fromCache } = mended;
    checkToolchain(toolchain, kdir, hostArch().name);
    return { kdir, toolchain, ref: kernel.ref, mended: done, fromCache };
  }
  if (problem !== undefined) throw problem;
  if ('error' in kernel) throw kernel.error;
  return { kdir: kernel.kdir, toolchain, ref: kernel.ref, mended: [], fromCache: true };
}

/** Why a kernel cannot be built for as it is, with a toolchain. */
function problemOf(kernel: Resolution, toolchain: Toolchain): KbuildError | undefined {
  if ('error' in kernel) return kernel.error;
  try {
    checkToolchain(toolchain, kernel.kdir, hostArch().name);
    return undefined;
  } catch (error) {
    if (error instanceof KbuildError) return error;
    throw error;
  }
}

/** What mending may take away; whether it does, it says itself. */
const mendable = new Set<string>(['KDIR_NOT_PREPARED', 'KDIR_HOST_TOOLS', 'KDIR_BROKEN_LINK']);

/**
 * Mends the KDIR of a kernel if that takes its problem away. Headers of a distribution for its own
 * suite are as they should be, unless there is a problem; others are looked at.
 */
async function mendFor(
  kernel: Resolution,
  problem: KbuildError | undefined,
  toolchain: Toolchain,
  { provider }: Session,
): Promise<MendedKdir | undefined> {
  if (kernel.survey === undefined) return undefined;
  if (problem !== undefined && !mendable.has(problem.code)) return undefined;
  if (problem === undefined && 'kdir' in kernel && kernel.kdir.suite !== undefined)
    return undefined;
  const survey = kernel.survey({ depth: 'quick' });
  const { arch, findings } = survey;
  const isBroken = findings.some(({ severity, mend: step }) => severity === 'error' && step);
  if (arch === undefined || (problem === undefined && !isBroken)) return undefined;
  // Most kernels need none of this.
  const [{ mend }, { fetchHostTools }] = await Promise.all([
    import('./mend.js'),
    import('../kernel/providers/apt/host-tools.js'),
  ]);
  const tools = () => ({
    toolchain: provider.toolchain({ name: toolchain.name }, arch),
    hostTools: (name: string, version?: string) => fetchHostTools(name, version, provider),
  });
  try {
    return await mend(survey, tools, provider, problem?.code);
  } catch (error) {
    throw problem === undefined ? error : notMended(problem, error);
  }
}

/** What the matter was, and why it stays so. */
function notMended(problem: KbuildError, error: unknown): unknown {
  if (!(error instanceof KbuildError) || error.code !== 'KDIR_NOT_MENDABLE') return error;
  const { code, message } = problem;
  return new KbuildError(code, `${message}; ${error.message}`, error.hint, { cause: error });
}
