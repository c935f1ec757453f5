import { KbuildError } from '../../../errors/kbuild-error.js';
import type { RunOutcome } from '../../../runtime/port.js';

/** How compilers, linkers, modpost, tar and make begin what made them fail. */
const complaint =
  /(?:^|[\s:])(?:fatal error|error|Error|ERROR):? |\*\*\* |undefined reference|undefined symbol|^tar: |No space left on device|command not found|No such file/;
/** What make says of a failure that was told before. */
const echo = /^make(?:\[\d+\])?: \*\*\* .*(?:Error \d+|Waiting for unfinished jobs)/;

/** Looks at each line of a run, and remembers what explains its failure. */
export class Complaints {
  readonly #first: string[] = [];
  #echo: string | undefined;
  readonly #last: string[] = [];
  noSpace = false;

  readonly add = (line: string): void => {
    if (line.includes('No space left on device')) this.noSpace = true;
    if (echo.test(line)) this.#echo ??= line;
    else if (complaint.test(line) && this.#first.length < 5) this.#first.push(line);
    if (line.trim() !== '' && this.#last.push(line) > 5) this.#last.shift();
  };

  /** The first complaints, else the last lines. */
  text(): string {
    const lines = this.#first.length > 0 ? this.#first : [this.#echo ?? this.#last.join('\n')];
    return lines.map((line) => line.trim().slice(0, 400)).join('\n');
  }
}

/**
 * What a run that did not end well is to the user.
 * @param what was being done: `linux-6.1 could not be built for arm64`
 * @param log where all lines are
 */
export function runError(
  outcome: RunOutcome,
  complaints: Complaints,
  what: string,
  log: string,
): KbuildError {
  if (complaints.noSpace) {
    return new KbuildError(
      'BUILD_DISK_FULL',
      `${what}: no space is left on the device of the cache`,
      'A whole kernel takes several GB. Free some disk, or name another cache directory in KBUILD_TS_CACHE_DIR.',
    );
  }
  if (outcome.end === 'out-of-memory') {
    return new KbuildError(
      'BUILD_OUT_OF_MEMORY',
      `${what}: it needs more memory than it may have; the log is ${log}`,
      'Close something else, or configure less: debug information and BTF take most of it.',
    );
  }
  if (outcome.end === 'timeout') {
    return new KbuildError(
      'BUILD_TIMEOUT',
      `${what}: it took longer than it may; the log is ${log}`,
      'Configure less: an allnoconfig or tinyconfig with fragments is built in minutes.',
    );
  }
  return new KbuildError(
    'KERNEL_SOURCE_BUILD_FAILED',
    `${what} (exit status ${outcome.exitCode}):\n${complaints.text()}`,
    `The whole log is ${log}. Does the toolchain fit the kernel's version? 'toolchain' in the description names another.`,
  );
}
