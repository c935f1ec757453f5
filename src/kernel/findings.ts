import type { ErrorCode } from '../errors/codes.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { kdirFindingCatalogue, type KdirFindingCode } from './finding-catalogue.js';

/** Something about a KDIR that breaks a build, or may break one. */
export interface KdirFinding {
  /** Permanent: scripts match on it. docs/kernels.md has each. */
  code: KdirFindingCode;
  /** `error`: no module can be built as it is. `warning`: some cannot. `note`: good to know. */
  severity: 'error' | 'warning' | 'note';
  message: string;
  /** What to do about it. */
  remedy: string;
  /** The step of `kernel prepare` that takes it away, if one does. */
  mend?: 'host-tools' | 'prepare';
}

/** A finding with the remedy of its code. */
export function kdirFinding(
  code: KdirFindingCode,
  severity: KdirFinding['severity'],
  message: string,
  more: Partial<Pick<KdirFinding, 'remedy' | 'mend'>> = {},
): KdirFinding {
  return { code, severity, message, remedy: kdirFindingCatalogue[code].remedy, ...more };
}

/** The error that a plan is refused with for a finding, if it cannot go on with it. */
export function errorOfFinding({ code }: Pick<KdirFinding, 'code'>): ErrorCode | undefined {
  const entry = kdirFindingCatalogue[code];
  return 'error' in entry ? entry.error : undefined;
}

/** A finding as the error that a plan is refused with; undefined if it can go on with it. */
export function refusalOf(finding: KdirFinding): KbuildError | undefined {
  const code = errorOfFinding(finding);
  return code && new KbuildError(code, finding.message, finding.remedy);
}

/** Why a build minds. */
export const explanationOf = ({ code }: Pick<KdirFinding, 'code'>): string =>
  kdirFindingCatalogue[code].explanation;
