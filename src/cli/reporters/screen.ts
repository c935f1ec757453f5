import { ProcessOutput } from 'listr2';

const [hideCursor, showCursor] = ['\x1b[?25l', '\x1b[?25h'];
const [eraseLine, eraseBelow] = ['\x1b[2K', '\x1b[J'];

/** A line, and how many columns it takes. */
export interface Line {
  text: string;
  width: number;
}

/**
 * The end of a terminal, where lines change in place. What others write to it meanwhile is shown when
 * the screen is closed.
 */
export class Screen {
  #drawn: readonly Line[] = [];
  #columns = 0;
  readonly #output: ProcessOutput;
  readonly #onExit = () => {
    this.#write(showCursor);
  };

  constructor(readonly stream: NodeJS.WriteStream) {
    this.#output = new ProcessOutput(stream, stream);
    this.#output.hijack();
    this.#write(hideCursor);
    process.on('exit', this.#onExit); // whatever ends the process
  }

  /**
   * @param above is written once, and scrolls away
   * @param lines take the place of those of the last time; no wider than the terminal
   */
  draw(above: readonly string[], lines: readonly Line[]): void {
    const { columns } = this.stream;
    const resized = columns !== this.#columns;
    const same = lines.length === this.#drawn.length && lines.every(this.#isDrawn);
    if (same && above.length === 0 && !resized) return;
    // A terminal that became narrower has broken the lines that it shows.
    const rows = this.#drawn.reduce((sum, { width }) => sum + rowsOf(width, columns), 0);
    const up = Math.max(0, rows - 1);
    const clean = above.length > 0 || resized ? eraseBelow : '';
    this.#write(
      [
        `\r${up > 0 ? `\x1b[${up}A` : ''}${clean}`,
        ...above.map((text) => `${text}\n`),
        lines.map(({ text }) => `${eraseLine}${text}`).join('\n'),
        eraseBelow,
      ].join(''),
    );
    this.#drawn = lines;
    this.#columns = columns;
  }

  readonly #isDrawn = ({ text }: Line, i: number): boolean => this.#drawn[i]?.text === text;

  /** Leaves what is drawn, and the cursor below it. */
  close(): void {
    process.off('exit', this.#onExit);
    this.#write(`${this.#drawn.length > 0 ? '\n' : ''}${showCursor}`);
    this.#output.release();
  }

  #write(text: string): void {
    this.#output.toStderr(text, false);
  }
}

const rowsOf = (width: number, columns: number): number => Math.max(1, Math.ceil(width / columns));
