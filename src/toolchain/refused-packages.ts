import { stripVTControlCharacters } from 'node:util';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Suite } from '../kernel/suite.js';
import type { Toolchain } from './toolchain.js';

/** Listens to apt (2.2 to 3.3), for packages that it does not know or cannot install. */
export class RefusedPackages {
  readonly #unknown = new Set<string>();
  readonly #versions = new Set<string>();
  /** What apt offers instead of a name that is no package of its own. */
  readonly #offered = new Set<string>();
  #offering: 'one-a-line' | 'many-a-line' | undefined;
  readonly #unmet: string[] = [];
  /** The package that the lines of unmet dependencies are of: only its first line has its name. */
  #unmetOf = '';
  #isUnsolvable = false;

  /** @param text a line, maybe in the colours that an engine gives to errors */
  readonly listen = (text: string): void => {
    const line = stripVTControlCharacters(text);
    const [, unknown] =
      /^E: Unable to locate package (\S+)/.exec(line) ??
      /^E: Package '([^']+)' has no installation candidate/.exec(line) ??
      [];
    if (unknown !== undefined) this.#unknown.add(unknown);
    const [, version, name] = /^E: Version '([^']+)' for '([^']+)' was not found/.exec(line) ?? [];
    if (version !== undefined) this.#versions.add(`${name}=${version}`);
    const [, of, why] =
      /^ (?:(\S+) :)? +((?:Pre-?)?(?:Depends|Conflicts|Breaks): .+)$/.exec(line) ?? [];
    this.#unmetOf = of ?? this.#unmetOf;
    if (why !== undefined) this.#unmet.push(`${this.#unmetOf} : ${why}`);
    this.#isUnsolvable ||= /^E: (?:Unable to (?:correct|satisfy)|Unmet dependencies)/.test(line);
    this.#listenToOffers(line);
  };

  #listenToOffers(line: string): void {
    if (line.endsWith(' is a virtual package provided by:')) this.#offering = 'one-a-line';
    else if (line === 'However the following packages replace it:') this.#offering = 'many-a-line';
    else if (line.startsWith('  ') && this.#offering !== undefined) {
      const words = line.trim().split(' ');
      for (const name of this.#offering === 'one-a-line' ? words.slice(0, 1) : words) {
        // Of another architecture: whoever wants that says so.
        if (!name.includes(':')) this.#offered.add(name);
      }
    } else this.#offering = undefined;
  }

  /** What is wrong with the packages, where it is they that an image could not be made of. */
  error(suite: Suite, toolchain: Toolchain, cause: unknown): KbuildError | undefined {
    const where = `${suite.distribution}'s ${suite.name}, which the image of ${toolchain.name} is made of`;
    const refused = (message: string, hint: string) =>
      new KbuildError('BUILD_DEP_UNKNOWN', message, `${hint} ${whence}`, { cause });
    if (this.#unknown.size > 0) {
      const offered = [...this.#offered].join(', ');
      return refused(
        `there is no package ${[...this.#unknown].join(', ')} in ${where}`,
        offered === ''
          ? `Look up what it is called there ('apt-cache search', 'apt-file search').`
          : `Name one of these instead: ${offered}.`,
      );
    }
    if (this.#versions.size > 0) {
      return refused(
        `there is no ${[...this.#versions].join(', ')} in ${where}`,
        'Leave the version out, or name one that it has.',
      );
    }
    if (!this.#isUnsolvable) return undefined;
    // Of a conflict follow many dependencies that are "not going to be installed".
    const unmet =
      this.#unmet.find((line) => /Conflicts|Breaks|not installable/.test(line)) ?? this.#unmet[0];
    return refused(
      `the packages cannot be installed together in ${where}${unmet === undefined ? '' : `: ${unmet}`}`,
      'Leave out the one that the others have no room for; --verbose shows all that apt says.',
    );
  }
}

const whence = 'Names come from buildDeps in the configuration and from --build-dep.';
