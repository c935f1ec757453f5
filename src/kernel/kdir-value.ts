import { isSet, type KernelConfig } from './config.js';
import type { KdirSubject } from './checks/subject.js';
import type { KdirMount } from './closure.js';
import type { KernelCompiler } from './compiler.js';
import { treeFingerprint } from './fingerprint.js';
import { everyModulesTools, summariseTools, type HostTools } from './host-tools.js';
import { isRefusedByKbuild, movedPath } from './movable.js';
import { follow, type Roots } from './tree.js';
import { isSince } from './release.js';
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
  /** CONFIG_MODULE_COMPRESS_*: how modules are compressed when they are installed. */
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

/** What a plan needs to know of a KDIR; undefined if that cannot be told. */
export function describeKdir(
  { path, find, config, arch, compiler, reach, tool }: KdirSubject,
  release: string | undefined,
  options: ReadKdirOptions,
): Kdir | undefined {
  const [configPath, symversPath] = [find('.config'), find('Module.symvers')];
  const hostTools = summariseTools(everyModulesTools.flatMap((name) => tool(name) ?? []));
  if (release === undefined || arch === undefined || hostTools === undefined) return undefined;
  if (configPath === undefined || symversPath === undefined) return undefined;
  const place = isRefusedByKbuild(path) ? movedPath(path) : path;
  const mounts = reach.mounts.map(({ source, target }) => ({
    source,
    target: target === path ? place : target,
  }));
  const vermagic = expectedVermagic(release, config, arch);
  const hash = config.get('CONFIG_MODULE_SIG_HASH');
  return {
    path: place,
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
    compression: compressionOf(config, release),
    hostTools,
    configPath,
    symversPath,
    mounts,
    identity: options.identity ?? treeFingerprint(mounts),
    ...(options.suite !== undefined && { suite: options.suite }),
  };
}

/**
 * Since 6.12 a kernel may know a kind, to read it, and have nothing compressed
 * (CONFIG_MODULE_COMPRESS_ALL, kernel/module/Kconfig).
 */
function compressionOf(config: KernelConfig, release: string): Kdir['compression'] {
  if (isSince(release, 6, 12) && !isSet(config, 'CONFIG_MODULE_COMPRESS_ALL')) return 'none';
  const kinds = ['gzip', 'xz', 'zstd'] as const;
  return (
    kinds.find((kind) => isSet(config, `CONFIG_MODULE_COMPRESS_${kind.toUpperCase()}`)) ?? 'none'
  );
}
