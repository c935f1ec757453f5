/** Modules that are to be loaded before and after another one, if they are there: names or aliases. */
export interface SoftDependencies {
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

/**
 * Reads what MODULE_SOFTDEP or a `softdep` line says after the module's name: `pre: a b post: c`.
 * Words before the first of the two are nothing, as for kmod.
 */
export function parseSoftdep(text: string): SoftDependencies {
  const [pre, post]: [string[], string[]] = [[], []];
  let list: string[] | undefined;
  for (const word of text.split(/[\t\n\v\f\r ]+/)) {
    if (word === 'pre:') list = pre;
    else if (word === 'post:') list = post;
    else if (word !== '') list?.push(word);
  }
  return { pre, post };
}
