import { readFileSync } from 'node:fs';
import { allArchs, hostArch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import { resolveKernels } from '../kernel/resolve.js';
import { parseSymvers } from '../kernel/symvers.js';
import { checkToolchain, defaultToolchain } from '../toolchain/select.js';
import type { Session } from './session.js';

export interface KdirReport {
  kdir: Kdir & { symbols: number };
  /** The toolchain that it would be built with, or why there is none. */
  toolchain: string;
  /** Whether its host tools run in that toolchain's image. */
  runs: string;
}

/**
 * What the KDIRs are that a path or a kernel reference names.
 * @throws KbuildError KDIR_* for one that cannot build modules
 */
export async function inspectKdir(ref: string, session: Session): Promise<KdirReport[]> {
  const kdirs = await resolveKernels([ref], allArchs(), undefined, session.provider);
  return kdirs.map((kdir) => {
    const symbols = parseSymvers(readFileSync(kdir.symversPath, 'utf8')).size;
    return { kdir: { ...kdir, symbols }, ...fit(kdir) };
  });
}

function fit(kdir: Kdir): { toolchain: string; runs: string } {
  try {
    const toolchain = defaultToolchain(kdir);
    checkToolchain(toolchain, kdir, hostArch().name);
    return { toolchain: toolchain.name, runs: `run in the image of ${toolchain.name}` };
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    const tools = error.code === 'KDIR_HOST_TOOLS';
    return {
      toolchain: tools ? defaultToolchain(kdir).name : `none: ${error.message}`,
      runs: tools ? `do not run: ${error.message}` : 'not judged without a toolchain',
    };
  }
}
