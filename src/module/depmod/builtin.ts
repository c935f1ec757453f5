import { decode } from '../bytes.js';
import { readModulePath } from './module-path.js';

/** The names of modules.builtin: modules that the kernel image itself holds. */
export function builtinModules(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^[A-Za-z]/.test(line))
    .map((line) => readModulePath(line).name);
}

/** Something that a built-in module would say in its `.modinfo`. */
export interface BuiltinInfo {
  readonly module: string;
  readonly tag: string;
  readonly value: string;
}

/** Reads modules.builtin.modinfo: `module.tag=value`, each ended by NUL. */
export function builtinModinfo(bytes: Uint8Array): BuiltinInfo[] {
  const infos: BuiltinInfo[] = [];
  for (const entry of decode(bytes).split('\0').slice(0, -1)) {
    const [, module, tag, value] = /^([^.]+)\.([^=]*)=([^]+)$/.exec(entry) ?? [];
    if (module === undefined || tag === undefined || value === undefined) continue;
    infos.push({ module, tag, value });
  }
  return infos;
}
