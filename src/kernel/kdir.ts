import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { allArchs, type Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { kdirClosure, type KdirMount } from './closure.js';
import { kernelCompiler, type KernelCompiler } from './compiler.js';
import { isSet, parseKernelConfig, type KernelConfig } from './config.js';
import { readHostTools, type HostTools } from './host-tools.js';
import { treeFingerprint } from './fingerprint.js';
import { follow, type Roots } from './tree.js';
import { expectedVermagic } from './vermagic.js';

/** A configured kernel build directory: all that a plan needs to know of it. Serialisable. */
export interface Kdir {
  /** The path of the KDIR as the build sees it. */
  path: string;
  /** True if `path` and all that it needs lie at the same paths on this machine. */
  inPlace: boolean;
  release: string;
  /** Name of the arch, for example `arm64`. */
  arch: string;
  compiler?: KernelCompiler;
  /** The vermagic that its modules must carry; absent where it cannot be computed. */
  vermagic?: string;
  modversions: boolean;
  signing: {
    /** The kernel knows module signatures at all. */
    enabled: boolean;
    /** It refuses modules without a valid one. */
    force: boolean;
    /** CONFIG_MODULE_SIG_HASH, for example `sha256`. */
    hash?: string;
  };
  /** CONFIG_MODULE_COMPRESS_*: how it expects installed modules to be compressed. */
  compression: 'none' | 'gzip' | 'xz' | 'zstd';
  hostTools: HostTools;
  /** Where its .config lies on this machine. */
  configPath: string;
  /** Where Module.symvers lies on this machine. */
  symversPath: string;
  /** What a container must see, read-only. */
  mounts: KdirMount[];
  /** Changes when anything that a module's build reads of the KDIR changes. Hexadecimal. */
  identity: string;
  /** The Debian suite that the KDIR was fetched from: its host tools run in that suite's images. */
  suite?: string;
}

export interface ReadKdirOptions {
  /** Where absolute paths are looked up; default: this machine's root. */
  roots?: Roots;
  suite?: string;
  /** The identity, where the provider knows it (the hashes of the packages). */
  identity?: string;
}

/**
 * Reads what a KDIR is, and refuses one that cannot build modules.
 * @param path absolute, as the build will see it
 * @throws KbuildError KDIR_*
 */
export function readKdir(path: string, options: ReadKdirOptions = {}): Kdir {
  const roots = options.roots ?? ['/'];
  const has = (name: string) => follow(roots, join(path, name));
  if (follow(roots, path) === undefined) {
    throw new KbuildError(
      'KDIR_NOT_FOUND',
      `there is no KDIR at ${path}`,
      'Check the path, or let kbuild-ts fetch one: --kernel debian:bookworm.',
    );
  }
  const configPath = has('.config');
  if (configPath === undefined || has('Makefile') === undefined) {
    throw new KbuildError(
      'KDIR_NOT_CONFIGURED',
      `${path} is not a configured KDIR: it has no ${configPath === undefined ? '.config' : 'Makefile'}`,
      "Give a kernel's build directory (the target of /lib/modules/<release>/build, or the O= directory of a kernel build) after 'make defconfig' or the like and 'make modules_prepare'.",
    );
  }
  const config = parseKernelConfig(readFileSync(configPath, 'utf8'));
  if (!isSet(config, 'CONFIG_MODULES')) {
    throw new KbuildError(
      'KDIR_MODULES_DISABLED',
      `the kernel of ${path} cannot load modules: CONFIG_MODULES is not set`,
      'Enable CONFIG_MODULES and build the kernel again.',
    );
  }
  const arch = archOf(config, path);
  const mounts = kdirClosure(roots, path); // before what a broken link makes look unprepared
  const hostTools = readHostTools(roots, path);
  // What the vermagic is made of. (Debian's include/config/kernel.release says something else.)
  const releasePath = has('include/generated/utsrelease.h');
  const prepared = has('include/generated/autoconf.h') !== undefined && releasePath !== undefined;
  if (!prepared || hostTools === undefined) {
    throw new KbuildError(
      'KDIR_NOT_PREPARED',
      `${path} is configured but not prepared: ${prepared ? 'its host tools (scripts/basic/fixdep, scripts/mod/modpost) are' : 'include/generated/autoconf.h or include/generated/utsrelease.h is'} missing`,
      `Run 'make modules_prepare' in it. Was it cleaned? Then build the kernel again.`,
    );
  }
  const symversPath = has('Module.symvers');
  if (symversPath === undefined) {
    throw new KbuildError(
      'KDIR_NO_SYMVERS',
      `${path} has no Module.symvers: without it no module's symbols can be resolved`,
      "Build the whole kernel in it ('make'): 'make modules_prepare' does not write Module.symvers.",
    );
  }
  const release = releaseOf(releasePath);
  const compiler = kernelCompiler(config);
  const vermagic = expectedVermagic(release, config, arch);
  const hash = config.get('CONFIG_MODULE_SIG_HASH');
  return {
    path,
    inPlace: mounts.every(({ source, target }) => follow(['/'], target) === source),
    release,
    arch: arch.name,
    ...(compiler !== undefined && { compiler }),
    ...(vermagic !== undefined && { vermagic }),
    modversions: isSet(config, 'CONFIG_MODVERSIONS'),
    signing: {
      enabled: isSet(config, 'CONFIG_MODULE_SIG'),
      force: isSet(config, 'CONFIG_MODULE_SIG_FORCE'),
      ...(hash !== undefined && hash !== '' && { hash }),
    },
    compression: compressionOf(config),
    hostTools,
    configPath,
    symversPath,
    mounts,
    identity: options.identity ?? treeFingerprint(mounts),
    ...(options.suite !== undefined && { suite: options.suite }),
  };
}

function archOf(config: KernelConfig, path: string): Arch {
  const arch = allArchs().find((candidate) => isSet(config, candidate.config));
  if (arch !== undefined) return arch;
  const known = allArchs().map(({ name, config: symbol }) => `${name} (${symbol})`);
  throw new KbuildError(
    'KDIR_ARCH_UNKNOWN',
    `the KDIR ${path} is for an architecture that kbuild-ts does not know`,
    `Known: ${known.join(', ')}. Another one is a file in toolchains/arch/.`,
  );
}

/** utsrelease.h holds one line: #define UTS_RELEASE "6.1.0-56-arm64". */
function releaseOf(path: string): string {
  return /UTS_RELEASE "(.*)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
}

function compressionOf(config: KernelConfig): Kdir['compression'] {
  const kinds = ['gzip', 'xz', 'zstd'] as const;
  return (
    kinds.find((kind) => isSet(config, `CONFIG_MODULE_COMPRESS_${kind.toUpperCase()}`)) ?? 'none'
  );
}

export function isDirectory(path: string): boolean {
  return follow(['/'], path) !== undefined && statSync(path).isDirectory();
}
