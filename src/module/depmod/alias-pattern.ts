/** The longest key that depmod makes of an alias: PATH_MAX with a NUL. */
const maxLength = 4095;

/**
 * An alias as the key of an index: `-` as `_`, except within brackets (kmod, alias_normalize).
 * Undefined for one whose brackets do not match, which depmod leaves out with a warning.
 */
export function normaliseAlias(alias: string): string | undefined {
  let key = '';
  for (let at = 0; at < alias.length;) {
    const open = alias.indexOf('[', at);
    const outside = alias.slice(at, open === -1 ? alias.length : open);
    if (outside.includes(']')) return undefined;
    key += outside.replaceAll('-', '_');
    if (open === -1) break;
    const close = alias.indexOf(']', open);
    if (close === -1) return undefined;
    key += alias.slice(open, close + 1);
    at = close + 1;
  }
  return key.slice(0, maxLength);
}
