import { shellJoin, shellQuote } from '../../../runtime/shell.js';
import { takesAllConfig, type SourceDescription } from './description.js';

/** Part of every key: raised when a script below changes what comes out. */
export const recipeVersion = 1;

/** Where all of it lies in containers, and so on every machine. */
export const home = '/usr/src/kbuild-ts';
/** Where the container sees what is unpacked, and texts that go into a configuration. */
export const packed = '/kbuild-ts/source';
export const inputs = '/kbuild-ts/inputs';

export const sourcePath = (key: string): string => `${home}/linux-${key.slice(0, 12)}`;
export const kdirPath = (key: string): string => `${home}/${key.slice(0, 12)}`;

/** How the unpacking ends where what was unpacked is not what it should be. */
export const unpackEnds = { noTree: 65, notClean: 66 } as const;

/**
 * Unpacks a tarball, or copies a directory. tar's own ways keep a hostile one inside: it refuses
 * names with `..`, strips a leading `/`, and makes no link before all files are written.
 * @param directory the name of what comes out, in `home`
 */
export const unpackScript = (directory: string): string =>
  `exec >&2
set -eu
umask 022
cd ${home}
mkdir unpacked
if [ -d ${packed} ]; then
  cp -R -P --preserve=mode,timestamps ${packed}/. unpacked
else
  tar -xf ${packed} -C unpacked --no-same-owner --no-same-permissions
fi
chmod -R u+rwX,go+rX,go-w unpacked
tree=unpacked
[ -f unpacked/Kconfig ] || for entry in unpacked/*; do
  tree=$entry
done
if [ -L "$tree" ] || ! [ -f "$tree/Makefile" ] || ! [ -f "$tree/Kconfig" ]; then
  exit ${unpackEnds.noTree}
fi
for trace in .config include/config include/generated; do
  if [ -e "$tree/$trace" ]; then exit ${unpackEnds.notClean}; fi
done
mv "$tree" ${directory}
rm -rf unpacked`;

export interface BuildPaths {
  /** The source and the KDIR, as the container sees them. */
  source: string;
  kdir: string;
}

/** The words of make's line that every step has. */
function makeLine({ source, kdir }: BuildPaths, variables: readonly string[]): string {
  return shellJoin(['make', '-C', source, `O=${kdir}`, ...variables]);
}

/**
 * Makes the `.config`. Where make's target decides all symbols alike (allnoconfig and its
 * brothers), the fragments are its exceptions; else what they leave open gets its default.
 * @param fragments their file names in `inputs`
 */
export function configureScript(
  { config }: Pick<SourceDescription, 'config'>,
  fragments: readonly string[],
  paths: BuildPaths,
  variables: readonly string[],
): string {
  const make = makeLine(paths, variables);
  const merge = (...files: string[]) =>
    `sh ${paths.source}/scripts/kconfig/merge_config.sh -m -O ${paths.kdir} ${shellJoin(files)}`;
  const files = fragments.map((name) => `${inputs}/${name}`);
  const target = 'target' in config ? config.target : undefined;
  const steps = ['exec >&2', 'set -eu', 'umask 022', `cd ${paths.kdir}`];
  if (target !== undefined && takesAllConfig(target) && files.length > 0) {
    steps.push(
      merge(...files),
      'mv .config .all.config',
      `${make} KCONFIG_ALLCONFIG=${paths.kdir}/.all.config ${target}`,
      'rm .all.config',
    );
  } else {
    steps.push(target === undefined ? `cp ${inputs}/config .config` : `${make} ${target}`);
    if (files.length > 0) steps.push(merge('.config', ...files));
    if (files.length > 0 || target === undefined) steps.push(`${make} olddefconfig`);
  }
  return steps.join('\n');
}

/** What compilers leave behind, and no build of a module reads. */
const remains = ['*.o', '*.a', '*.d', '.*.cmd', '.tmp_*'];

/**
 * Builds, and removes what no build of a module needs. Some need objects that `modules_prepare`
 * makes (arch/powerpc/lib/crtsavres.o): what was there after it stays. The last line of standard
 * output is the path of the bootable image in the KDIR.
 */
export function buildScript(
  build: SourceDescription['build'],
  paths: BuildPaths,
  variables: readonly string[],
): string {
  const make = makeLine(paths, variables);
  const steps = [
    'exec 3>&1 >&2',
    'set -eu',
    'umask 022',
    `cd ${paths.kdir}`,
    'jobs=-j$(nproc)',
    `${make} "$jobs" modules_prepare`,
  ];
  if (build === 'kernel') {
    const names = remains.map((name) => `-name ${shellQuote(name)}`).join(' -o ');
    steps.push(
      ': > .prepared',
      `${make} "$jobs" all`,
      `${make} -s --no-print-directory image_name >&3`,
      `find . -type f -newer .prepared '(' ${names} ')' -delete`,
      'rm .prepared',
    );
  }
  return steps.join('\n');
}
