import { decode } from './bytes.js';

/** Each tag of `.modinfo`, mapped to its values, both in file order. */
export type Modinfo = Record<string, string[]>;

/**
 * Parses a `.modinfo` section: `tag=value` strings, each ended by NUL, maybe padded by more
 * (include/linux/moduleparam.h, __MODULE_INFO). A value may hold `=` and newlines.
 */
export function parseModinfo(section: Uint8Array): Modinfo {
  const tags = Object.create(null) as Modinfo; // a tag may be called __proto__
  for (const entry of textOf(section).split('\0')) {
    const equals = entry.indexOf('=');
    if (equals <= 0) continue;
    const tag = entry.slice(0, equals);
    const value = entry.slice(equals + 1);
    const values = tags[tag];
    if (values === undefined) tags[tag] = [value];
    else values.push(value);
  }
  return tags;
}

/** UTF-8, as the kernel's sources are; what is not, as an old author's name, is taken as Latin-1. */
function textOf(section: Uint8Array): string {
  const text = decode(section);
  return text.includes('\ufffd') ? Buffer.from(section).toString('latin1') : text;
}

/** A parameter of a module, joined from its `parm` and `parmtype` tags. */
export interface ModuleParameter {
  name: string;
  /** As module_param declared it: `int`, `charp`, `array of uint`…; absent if only described. */
  type?: string;
  /** MODULE_PARM_DESC. */
  description?: string;
}

/** The parameters of a module: described ones first, as kmod lists them, each once. */
export function moduleParameters(modinfo: Modinfo): ModuleParameter[] {
  const parameters = new Map<string, ModuleParameter>();
  const read = (tag: string, field: 'description' | 'type') => {
    for (const entry of modinfo[tag] ?? []) {
      const colon = entry.indexOf(':');
      if (colon === -1) continue;
      const name = entry.slice(0, colon);
      const parameter = parameters.get(name) ?? { name };
      parameter[field] = entry.slice(colon + 1); // of two, kmod shows the last
      parameters.set(name, parameter);
    }
  };
  read('parm', 'description');
  read('parmtype', 'type');
  return [...parameters.values()];
}
