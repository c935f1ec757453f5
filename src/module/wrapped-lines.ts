/** A line of a configuration of kmod's: maybe several of the file, joined by backslashes. */
export interface WrappedLine {
  text: string;
  /** Where it begins: the number of its first line in the file, from 1. */
  line: number;
}

/**
 * The lines of a file of modprobe.d or depmod.d. A backslash joins a line with the next one; before
 * anything else it is dropped (kmod 30, getline_wrapped).
 */
export function wrappedLines(text: string): WrappedLine[] {
  const lines: WrappedLine[] = [];
  let [line, start, joined] = [1, 1, ''];
  for (const [piece] of text.matchAll(/\\[^]|\n|[^\\\n]+|\\$/g)) {
    if (piece === '\n') {
      lines.push({ text: joined, line: start });
      start = ++line;
      joined = '';
    } else if (piece === '\\\n') line++;
    else joined += piece.length > 1 && piece.startsWith('\\') ? piece.slice(1) : piece;
  }
  lines.push({ text: joined, line: start });
  return lines;
}
