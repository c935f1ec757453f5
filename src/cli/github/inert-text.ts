/** What ends a line, for the runner or for .NET, which it is written in. */
const ends = String.raw`\n\r\x85\u2028\u2029`;

/**
 * What begins a command for the runner of GitHub Actions (ActionCommand.cs): two colons at the start of a
 * line, after blanks; in the older form, `##[` anywhere. What cannot be seen is taken for a blank.
 */
const lineStart = new RegExp(String.raw`(?<=^|[${ends}])((?:(?![${ends}])[\s\p{C}])*)::`, 'gu');
const anywhere = '##[';

/**
 * Makes text inert that goes out in pieces: nothing in it is a command to the runner, wherever it came from.
 * The value of a JSON document stays the same.
 */
export class InertText {
  /** The end of what went out: a sign may be in two pieces. */
  #last = '';

  constructor(readonly isJson = false) {}

  of(piece: string): string {
    if (piece === '') return piece;
    // A piece may go on with a line: its start counts as a line's, whatever went before it.
    const safe = piece
      .replaceAll(lineStart, '$1\\::')
      .replaceAll(anywhere, this.isJson ? '##\\u005b' : '##\\[');
    const joined = this.#last + piece.slice(0, 2);
    const isSplit = ['::', anywhere].some((sign) => {
      const at = joined.indexOf(sign);
      return at !== -1 && at < this.#last.length && at + sign.length > this.#last.length;
    });
    this.#last = (this.#last + piece).slice(-2);
    return isSplit ? `\\${safe}` : safe;
  }
}
