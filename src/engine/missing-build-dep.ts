import { buildDepPattern } from '../project/build-dep.js';
import type { Project } from '../project/project.js';
import type { Runtime } from '../runtime/port.js';

/** Whose build it was, and where it ran. */
export interface BuildPlace {
  project: Pick<Project, 'buildDeps' | 'origin'>;
  runtime: Runtime['kind'];
}

/**
 * What to do about a program, a header or the like that a build missed and that a package may have:
 * a sentence for a hint, or undefined if its output does not say that it missed one.
 * @param lines of its output
 */
export function missingBuildDep(
  lines: readonly string[],
  { project, runtime }: BuildPlace,
): string | undefined {
  const missed = firstMissed(lines);
  if (missed === undefined) return undefined;
  const which = `If the build needs the package that has ${missed.what}`;
  if (runtime === 'host') return `${which}, install it on this machine.`;
  const named = `--build-dep ${missed.example ?? 'PACKAGE'}`;
  const depends = packagesOf(project).filter((name) => !project.buildDeps.includes(name));
  const said =
    depends.length > 0
      ? ` The archive that the sources come from depends on ${depends.join(', ')}: --build-dep ${depends.join(',')}${depends.some(isLibrary) ? ' (to compile with a library takes its -dev package)' : ''}.`
      : '';
  return `${which}, name it with ${named} or under buildDeps in the configuration: its image gets it.${said}`;
}

/** How programs say that they missed something; the first group is its name. */
const patterns: readonly { pattern: RegExp; isProgram?: true; suffix?: string }[] = [
  // dash: `sh: 1: x: not found`; bash: `line 3: x: command not found`
  { pattern: /: ([^\s:/]+): (?:command )?not found$/, isProgram: true },
  {
    pattern:
      /^(?:make(?:\[\d+\])?|(?:\/usr\/bin\/)?env): [‘']?([^\s/:’']+)[’']?: No such file or directory$/,
    isProgram: true,
  },
  // GCC and Clang
  {
    pattern: /fatal error: '?([^\s':]+\.h)'?(?:: No such file or directory| file not found)$/,
  },
  // pkg-config, pkgconf
  {
    pattern: /^Package '?([^\s',]+)'?,?(?: required by '[^']+',)? (?:was )?not found\b/,
    suffix: '.pc',
  },
  { pattern: /\bNo package '([^']+)' found/, suffix: '.pc' },
  // GNU ld, lld
  { pattern: /\b(?:cannot find|unable to find library) (-l[\w.+-]+)/ },
  { pattern: /^ModuleNotFoundError: No module named '([^']+)'/ },
  { pattern: /^Can't locate (\S+\.pm) in @INC/ },
];

/** Directories of the kernel's or the project's own headers: no package has what lacks there. */
const kernelHeader =
  /^(?:\.+|acpi|asm|asm-generic|clocksource|config|crypto|drm|dt-bindings|generated|keys|kunit|kvm|linux|math-emu|media|memory|misc|net|pcmcia|ras|rdma|scsi|soc|sound|target|trace|uapi|ufs|vdso|video|xen)\//;

interface Missed {
  what: string;
  /** What its package may be called: many programs have one of their name. */
  example?: string;
}

function firstMissed(lines: readonly string[]): Missed | undefined {
  for (const line of lines) {
    for (const { pattern, isProgram, suffix = '' } of patterns) {
      const [, name] = pattern.exec(line) ?? [];
      if (name === undefined || kernelHeader.test(name)) continue;
      const isExample = isProgram === true && buildDepPattern.test(name);
      return { what: `${name}${suffix}`, ...(isExample && { example: name }) };
    }
    // What a configure script misses it says in words of its own.
    const [, words] = /^configure: error: (.+)$/.exec(line) ?? [];
    if (words !== undefined) return { what: `what configure asks for (${words})` };
  }
  return undefined;
}

/** The packages of a Debian package's Depends that a build could use: the first of alternatives. */
function packagesOf({ origin }: BuildPlace['project']): string[] {
  const names = (origin?.depends ?? '').split(',').flatMap((alternatives) => {
    const [first = ''] = alternatives.split('|');
    return /^[a-z0-9][a-z0-9+.-]+/.exec(first.trim())?.[0] ?? [];
  });
  return [...new Set(names)].filter((name) => !noBuildDep.test(name));
}

/** Whether a package is of a library as programs load it, without headers: libxtables12, libz1t64. */
const isLibrary = (name: string): boolean => /^lib.*\d(?:t64)?$/.test(name);

/** dkms itself, kernels, and names that several packages provide. */
const noBuildDep =
  /^(?:dkms|.*-dkms|debconf.*|linux-(?:headers|image|kbuild)(?:-.*)?|c-compiler|libc-dev|awk|module-init-tools)$/;
