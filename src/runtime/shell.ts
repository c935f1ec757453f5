/** One word for a POSIX shell, quoted only where it must be. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export const shellJoin = (words: readonly string[]): string => words.map(shellQuote).join(' ');
