import { errorCodes, type ErrorCode, type ExitStatus } from './codes.js';
import { withSourcePlaces } from './source-places.js';

/** An error as `--json` and the manifest show it. */
export interface ErrorReport {
  code: ErrorCode;
  message: string;
  hint: string;
}

/**
 * What could not be run or trusted. The message says what happened and where, the hint what to do
 * next. A compile that fails is no exception: it is a job's result.
 */
export class KbuildError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KbuildError';
    this.code = code;
    this.hint = hint;
  }

  get exitStatus(): ExitStatus {
    return errorCodes[this.code];
  }

  toReport(): ErrorReport {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** What the system answers where a file cannot be written for a reason that the user can mend. */
const storageCodes = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM']);

/** Any thrown value as a KbuildError; what is not one already is a bug of ours. */
export function asKbuildError(error: unknown): KbuildError {
  if (error instanceof KbuildError) return error;
  const { code, syscall, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (syscall !== undefined && code !== undefined && storageCodes.has(code)) {
    return new KbuildError(
      'STORAGE_FAILED',
      message,
      "Free some disk or mend the permissions; 'kbuild-ts doctor' shows where there is how much.",
      { cause: error },
    );
  }
  const text =
    error instanceof Error ? withSourcePlaces(error.stack ?? error.message) : String(error);
  return new KbuildError(
    'INTERNAL',
    `internal error: ${text}`,
    'This is a bug of kbuild-ts. Please report it with the command that you ran and the text above.',
    { cause: error },
  );
}

/** @throws KbuildError INTERRUPTED if the run was aborted */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted();
}

/** The error of an aborted run, as every room throws it. */
export function interrupted(): KbuildError {
  return new KbuildError(
    'INTERRUPTED',
    'interrupted',
    'Nothing was published: the output directory is as it was before the run.',
  );
}
