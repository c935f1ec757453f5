import { withoutControls, type Style } from './style.js';

/** One cell: its text, and how it is painted. */
export interface Cell {
  text: string;
  format?: Parameters<Style['paint']>[0];
  align?: 'left' | 'right';
}

/** Lays rows out in columns under a header, two blanks apart. */
export function formatTable(
  header: readonly string[],
  rows: readonly Cell[][],
  style: Style,
): string {
  // What a module or a KDIR says of itself may hold anything.
  const shown = rows.map((row) =>
    row.map((cell) => ({ ...cell, text: withoutControls(cell.text).replaceAll(/[\n\t]/g, ' ') })),
  );
  const widths = header.map((title, i) =>
    Math.max(title.length, ...shown.map((row) => row[i]?.text.length ?? 0)),
  );
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, format, align }, i) => {
        const width = widths[i] ?? 0;
        const padding = ' '.repeat(Math.max(0, width - text.length));
        const painted = format === undefined ? text : style.paint(format, text);
        if (align === 'right') return padding + painted;
        return i === cells.length - 1 ? painted : painted + padding;
      })
      .join('  ')
      .trimEnd();
  const titles = header.map((text): Cell => ({ text, format: 'dim' }));
  return [line(titles), ...shown.map(line)].join('\n');
}
