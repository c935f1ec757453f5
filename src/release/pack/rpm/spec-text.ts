/** A text as a spec file has it: a % would begin a macro. */
export const plain = (text: string): string => text.replaceAll('%', '%%');

/**
 * A line of a description. rpmbuild makes one % of two before it looks whether a line begins a
 * section (`%pre`) or is a directive (`%include`), blanks before it or not: no line may begin so.
 */
export const plainLine = (text: string): string => plain(text.replace(/^\s*(?=%)/, '- '));

/** A path of `%files`, literally: its patterns would match what else is there. */
export const plainPath = (path: string): string =>
  `"${plain(path).replaceAll(/[\\"*?[\]{}]/g, (character) => `\\${character}`)}"`;
