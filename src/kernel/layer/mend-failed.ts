import { KbuildError } from '../../errors/kbuild-error.js';

/** The error of a mending that did not give what it should. */
export function mendFailed(what: string, reasons: readonly string[], log?: string): KbuildError {
  const hint =
    log === undefined
      ? 'Read its findings with ' + "'kbuild-ts kdir check'."
      : `All that make said is in ${log}.`;
  return new KbuildError(
    'KDIR_MEND_FAILED',
    `${what}: ${reasons.join('; ')}`,
    `${hint} Prepare the KDIR on the machine that it comes from ('make modules_prepare'), or name another kernel.`,
  );
}
