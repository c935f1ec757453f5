import { withoutControls, type Style } from '../style.js';

type Format = Parameters<Style['paint']>[0];

/** A piece of a row on a terminal: plain text, and how it is painted. */
export interface Piece {
  text: string;
  format?: Format;
  /** This one is shortened first, where the row is too long. */
  elastic?: boolean;
}

/** One row of a terminal. */
export type Row = readonly Piece[];

/** How many columns a text takes. Too many for some signs beyond the alphabets: never too few. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const sign of text) width += (sign.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
  return width;
}

/** As much of the beginning of a text as fits, with an ellipsis for the rest. */
export function shortened(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let [shown, width] = ['', 0];
  for (const sign of text) {
    width += widthOf(sign);
    if (width > columns - 2) break; // the ellipsis takes one column, or two
    shown += sign;
  }
  return columns < 2 ? '' : `${shown}…`;
}

/** A row as it is written to a terminal of so many columns: painted, one line, without controls. */
export function drawRow(row: Row, columns: number, { paint }: Style): string {
  const pieces = row.map((piece) => ({
    ...piece,
    text: withoutControls(piece.text).replaceAll(/[\n\t]/g, ' '),
  }));
  let over = pieces.reduce((sum, { text }) => sum + widthOf(text), 0) - columns;
  const shorten = (elastic: boolean) => {
    for (const piece of pieces.toReversed()) {
      if (over <= 0) return;
      if ((piece.elastic ?? false) !== elastic) continue;
      const width = widthOf(piece.text);
      piece.text = shortened(piece.text, Math.max(0, width - over));
      over -= width - widthOf(piece.text);
    }
  };
  shorten(true);
  shorten(false);
  return pieces
    .map(({ text, format }) => (format === undefined || text === '' ? text : paint(format, text)))
    .join('');
}
