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
