import type { ErrorCode } from '../errors/codes.js';
import { prepare } from '../events/prepare.js';
import { mendKdir, needsMending, type MendedKdir } from '../kernel/layer/mend-kdir.js';
import type { KernelToolchain, ProviderContext } from '../kernel/providers/port.js';
import type { KdirSurvey } from '../kernel/survey.js';

/** What mending is given to work with. */
export interface MendTools {
  toolchain: KernelToolchain;
  /**
   * Fetches a distribution's package of host tools (`linux-kbuild-6.1`) for the build machine: of
   * this version, or the nearest that can be had. Gives the directory that it is unpacked in.
   */
  hostTools: (name: string, version?: string) => Promise<string>;
}

/**
 * Mends a KDIR where it needs it, told to reporters as a preparation.
 * @param toolsFor asked only if there is something to mend
 * @param because why a plan was refused: `KDIR_HOST_TOOLS` has host tools made that look well
 * @throws KbuildError KDIR_NOT_MENDABLE, KDIR_NO_SYMVERS, KDIR_MEND_FAILED
 */
export async function mend(
  survey: KdirSurvey,
  toolsFor: (survey: KdirSurvey) => MendTools,
  { cache, signal, emit }: Pick<ProviderContext, 'cache' | 'signal' | 'emit'>,
  because?: ErrorCode,
): Promise<MendedKdir | undefined> {
  if (!needsMending(survey, because)) return undefined;
  const tools = toolsFor(survey);
  return prepare(emit, `KDIR ${survey.path}`, (onLine) =>
    mendKdir(survey, {
      cache,
      signal,
      onLine,
      ...tools,
      ...(because !== undefined && { because }),
    }),
  );
}
