import type { ErrorReport } from '../errors/kbuild-error.js';
import type { ErrorCode } from '../errors/codes.js';
import type { Diagnostic } from '../events/event.js';
import type { RunOutcome } from '../runtime/port.js';
import { missingBuildDep, type BuildPlace } from './missing-build-dep.js';

/** What is known of a build that did not end well. */
export interface BuildEnd {
  outcome: RunOutcome;
  diagnostics: readonly Diagnostic[];
  /** The last lines of its output. */
  tail: readonly string[];
  limits: { memoryBytes: number; diskBytes: number; timeoutMs: number };
  /** Given: a hint says how the build gets a program or a header that it missed. */
  built?: BuildPlace;
}

const gibibytes = (bytes: number): string => `${Math.round((bytes / 2 ** 30) * 100) / 100} GiB`;

const report = (code: ErrorCode, message: string, hint: string) => ({ code, message, hint });

/** Which of its limits a build ran into, or undefined if it did not. */
export function limitFailure({ outcome, tail, limits }: BuildEnd): ErrorReport | undefined {
  const failed = outcome.end !== 'exited' || outcome.exitCode !== 0;
  const wantedMore = tail.some((line) => /fork.*: Resource temporarily unavailable/.test(line));
  if (outcome.end === 'too-many-processes' || (failed && wantedMore)) {
    return report(
      'BUILD_PROCESS_LIMIT',
      'the build wanted more processes at once than a build may have',
      "The job's log shows what started them; a build that forks without end is stopped here.",
    );
  }
  if (outcome.end === 'timeout') {
    return report(
      'BUILD_TIMEOUT',
      `the build was stopped after ${limits.timeoutMs / 1000} s`,
      'If it needs longer, give it a longer --timeout; if it hangs, its log shows where.',
    );
  }
  if (outcome.end === 'too-much-output') {
    return report(
      'BUILD_DISK_FULL',
      `the build gave more than its scratch space of ${gibibytes(limits.diskBytes)} holds`,
      'Raise --disk. The scratch space lies in memory and counts against --memory too.',
    );
  }
  const killed = tail.some((line) => /Killed signal terminated program|\bKilled$/.test(line));
  if (outcome.end === 'out-of-memory' || (outcome.exitCode !== 0 && killed)) {
    return report(
      'BUILD_OUT_OF_MEMORY',
      `the build needed more memory than its limit of ${gibibytes(limits.memoryBytes)}`,
      'Raise --memory, or run fewer processes at once with --jobs.',
    );
  }
  if (failed && tail.some((line) => line.includes('No space left on device'))) {
    return report(
      'BUILD_DISK_FULL',
      `the build filled its scratch space of ${gibibytes(limits.diskBytes)}`,
      'Raise --disk. The scratch space lies in memory and counts against --memory too.',
    );
  }
  return undefined;
}

/** Says why make failed. */
export function makeFailure({ outcome, diagnostics, tail, built }: BuildEnd): ErrorReport {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  // A tail may be too short to have the first error.
  const lines = [...errors.map(({ message }) => `fatal error: ${message}`), ...tail];
  const missed = built && missingBuildDep(lines, built);
  const alsoMissed = (hint: string) => (missed === undefined ? hint : `${missed} ${hint}`);
  const [first] = errors;
  if (first === undefined) {
    return report(
      'BUILD_MAKE_FAILED',
      `make failed (exit ${outcome.exitCode}): ${lastWord(tail) ?? 'it printed nothing'}`,
      alsoMissed(
        "The job's log has all that it printed; 'kbuild-ts plan' shows the make line and a docker run that reproduces it.",
      ),
    );
  }
  const undefinedSymbol = errors.find(({ message }) => /^"[^"]+" \[.*\] undefined!$/.test(message));
  if (undefinedSymbol !== undefined && first === undefinedSymbol) {
    return report(
      'BUILD_UNDEFINED_SYMBOL',
      undefinedSymbol.message,
      'Neither the kernel nor a project that this one depends on exports the symbol. If another project of yours does, name it in depends:.',
    );
  }
  const place = [first.file, first.line, first.column]
    .filter((part) => part !== undefined)
    .join(':');
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return report(
    'BUILD_COMPILE_ERROR',
    `${place === '' ? '' : `${place}: `}${first.message}${more}`,
    alsoMissed("The job's log has all that the compiler said."),
  );
}

/** What was printed before make first gave up, or else the last line. */
function lastWord(tail: readonly string[]): string | undefined {
  const end = tail.findIndex((line) => /^make(\[\d+\])?: \*\*\*/.test(line));
  // Neither `  CC [M]  hello.o` nor `make[1]: Entering directory …` says what went wrong.
  const silent = /^\s*$|^ {2}[A-Z]+ |^make(\[\d+\])?: (Entering|Leaving) directory /;
  return (
    tail.slice(0, Math.max(end, 0)).findLast((line) => !silent.test(line)) ??
    tail.findLast((line) => line.trim() !== '')
  );
}
