import { shellQuote } from '../../runtime/shell.js';
import type { ToolRecipe } from '../needed-tools.js';

export interface MendScript {
  /** The KDIR, as the container sees it. */
  kdir: string;
  /** The assignments of the make line. */
  make: readonly string[];
  prepare: boolean;
  moduleLds: boolean;
  programs: readonly ToolRecipe[];
  /** The release that the kernel has, where it is known: it must come out again. */
  release?: string;
}

/** Part of every layer's key: raised when what comes out of the script changes. */
export const mendScriptVersion = 1;

/**
 * The shell script that makes what a KDIR lacks. Without `prepare`, nothing is configured again:
 * the script of scripts/Makefile.build is run for each directory, by a rule that make takes from its
 * command line and passes on to the make that Kbuild starts.
 */
export function mendScript({ kdir, prepare, moduleLds, programs, ...rest }: MendScript): string {
  const known = rest.release === undefined ? [] : [`KERNELRELEASE=${rest.release}`];
  const make = (...words: string[]) => ['make', '-j"$(nproc)"', ...words.map(shellQuote)].join(' ');
  const line = (...words: string[]) => make(...rest.make, ...known, ...words);
  const inDirectory = (directory: string, goals = '') =>
    line(
      `--eval=.kbuild-ts: ; +$(Q)$(MAKE) $(build)=${directory} ${goals}`.trimEnd(),
      '.kbuild-ts',
    );
  const steps = prepare
    ? [line('olddefconfig'), line('modules_prepare', ...withoutBtf(programs))]
    : programs.map(({ make: how }) =>
        'target' in how ? line(how.target) : inDirectory(how.directory, how.goals),
      );
  // modules_prepare does it itself since 5.10; what it has made is not made again.
  if (moduleLds && !prepare) steps.push(inDirectory('scripts', 'scripts/module.lds'));
  return [
    'exec 1>&2',
    'set -e',
    'umask 022',
    'ulimit -f 4194304', // 2 GiB: no file of a KDIR is as large
    `cd ${shellQuote(kdir)}`,
    ...steps.flatMap((step) => [`echo ${shellQuote(step)}`, step]),
    // What programs were linked of, nobody needs again.
    "find scripts tools -name '*.[oa]' -type f -exec rm -f {} + 2>/dev/null || :",
  ].join('\n');
}

/**
 * Where no module needs resolve_btfids, modules_prepare is kept from making it: it takes libbpf, and
 * Python. The generated headers are Kconfig's, and know nothing of it.
 */
const withoutBtf = (programs: readonly ToolRecipe[]): string[] =>
  programs.some(({ path }) => path.endsWith('/resolve_btfids')) ? [] : ['CONFIG_DEBUG_INFO_BTF='];
