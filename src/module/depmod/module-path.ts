import { toByteString } from './byte-string.js';

/** How depmod names the file at a path. */
export interface ModulePath {
  /** The module's name: the file's, up to its first dot, with `-` as `_`. */
  name: string;
  /** The path without its ending, as `override` in depmod.d(5) means it; `-` stays `-`. */
  stem: string;
  /** The path as modules.order has it: ending in `.ko`, whatever compressed the file. */
  uncompressed: string;
}

/** Whether depmod takes a file of this name for a module: kmod with all its decompressors. */
export function isModuleFile(fileName: string): boolean {
  return /.\.ko(\.gz|\.xz|\.zst)?$/s.test(fileName);
}

/** Takes a path apart (kmod, path_to_modname). */
export function readModulePath(path: string): ModulePath {
  const start = path.lastIndexOf('/') + 1;
  const dot = path.indexOf('.', start);
  const end = dot === -1 ? path.length : dot;
  return {
    name: path.slice(start, end).replaceAll('-', '_'),
    stem: path.slice(0, end),
    uncompressed: path.slice(0, end + '.ko'.length),
  };
}

/** The order of depmod's table of modules, before modules.order comes in. */
export const moduleBuckets = 512;

/** The key of a module in that table. */
export const moduleKey = ({ name }: ModulePath): string => toByteString(name);
