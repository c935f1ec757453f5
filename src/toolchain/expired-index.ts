import { KbuildError } from '../errors/kbuild-error.js';
import type { Suite } from '../kernel/suite.js';

/** What a fetch of packages is to be forgiven. */
export interface PackageOptions {
  /** Take package indexes whose Valid-Until has passed. Signatures are checked all the same. */
  allowExpired?: boolean;
}

/** The options of apt that take an index whose Valid-Until has passed (apt.conf(5)). */
export const expiredAptOptions = '-o Acquire::Check-Valid-Until=false';

/** Since when an index has been invalid, where a line of apt's says that it is. */
export function expiredSince(line: string): string | undefined {
  const found = /\bRelease file for \S+ is expired(?: \(invalid since ([\w ]+)\))?/.exec(line);
  return found === null ? undefined : (found[1] ?? 'some time');
}

/** What to tell of it: which suite, and how to take it all the same. */
export function expiredIndex(suite: Suite, since: string, cause?: unknown): KbuildError {
  return new KbuildError(
    'FETCH_FAILED',
    `the package index of ${suite.distribution}'s ${suite.name} has expired, as this machine's mirror has it (invalid since ${since})`,
    'Give --allow-expired to take it as it is (its signature is checked all the same), or use a mirror that is up to date.',
    { cause },
  );
}
