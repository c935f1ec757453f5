/**
 * The words of the first simple command of a shell text, with its quoting undone (POSIX, Shell Command
 * Language, 2.2): up to an operator that is not quoted, or a comment. What a shell would expand (`$x`, globs) stays as it is.
 */
export function firstCommandWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  const add = (part: string) => (word = (word ?? '') + part);
  for (; at < text.length; at++) {
    const char = text[at] as string;
    if (char === "'") {
      const end = endOf(text, "'", at + 1);
      add(text.slice(at + 1, end));
      at = end;
    } else if (char === '"') {
      const end = endOfDouble(text, at + 1);
      add(text.slice(at + 1, end).replaceAll(/\\([$`"\\])|\\\n/g, '$1'));
      at = end;
    } else if (char === '\\') {
      at++;
      if (text[at] !== '\n') add(text[at] ?? '');
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (char === '\n' && words.length > 0) break;
    } else if (/[;|&<>()]/.test(char) || (char === '#' && word === undefined)) {
      // A digit before a redirection is no word of the command.
      if (/[<>]/.test(char) && /^\d+$/.test(word ?? '')) word = undefined;
      break;
    } else add(char);
  }
  return word === undefined ? words : [...words, word];
}

function endOf(text: string, quote: string, from: number): number {
  const end = text.indexOf(quote, from);
  return end === -1 ? text.length : end;
}

function endOfDouble(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}
