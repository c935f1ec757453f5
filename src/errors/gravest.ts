import { errorCodes, type ErrorCode, type ExitStatus } from './codes.js';

/** The gravest of what befell: a bug, then infrastructure, verification, usage, compilation. */
export function exitStatus(failures: readonly ErrorCode[]): ExitStatus {
  const statuses = failures.map((code) => errorCodes[code]);
  return ([70, 4, 3, 2, 1] as const).find((status) => statuses.includes(status)) ?? 0;
}
