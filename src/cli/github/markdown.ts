/** Text as Markdown shows it word for word, on one line: no markup, no link, no mention. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // GitHub makes mentions of @name and links of #1 and of what begins like an address.
    .replaceAll('@', '&#64;')
    .replaceAll('#', '&#35;')
    .replaceAll(/:\/\//g, ':&#47;&#47;')
    .replaceAll(/(?<![\w.])www\./gi, (found) => `${found.slice(0, 3)}&#46;`)
    .replaceAll(/[\\`*_[\](){}|~!$^]/g, '\\$&');

/** A block of text as it is: its fence is longer than any in it. */
export function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([found]) => found.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

/** A table; its cells are Markdown already. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
