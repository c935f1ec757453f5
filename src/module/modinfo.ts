import { decode } from './bytes.js';

/** Each tag of `.modinfo`, mapped to its values, both in file order. */
export type Modinfo = Record<string, string[]>;

/**
 * Parses a `.modinfo` section: `tag=value` strings, each ended by NUL, maybe padded by more
 * (include/linux/moduleparam.h, __MODULE_INFO). A value may hold `=` and newlines.
 */
export function parseModinfo(section: Uint8Array): Modinfo {
  const tags = new Map<string, string[]>();
  for (const entry of decode(section).split('\0')) {
    const equals = entry.indexOf('=');
    if (equals <= 0) continue;
    const [tag, value] = [entry.slice(0, equals), entry.slice(equals + 1)];
    const values = tags.get(tag);
    if (values === undefined) tags.set(tag, [value]);
    else values.push(value);
  }
  return Object.fromEntries(tags);
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
