import { figures, Spinner } from 'listr2';
import { styleFor } from '../style.js';
import { LiveView, type Space } from './live-view.js';
import type { Reporter } from './reporter.js';
import { drawRow, widthOf, type Row } from './row.js';
import { Screen, type Line } from './screen.js';

/** How often it is drawn, whatever happens meanwhile. Milliseconds. */
const interval = 200;

const { tick, cross, pointerSmall: pointer } = figures;

/** A view that stays in place, on a terminal: what is prepared, the jobs, and what remains. */
export function liveReporter(): Reporter {
  const stream = process.stderr;
  const style = styleFor(stream);
  const view = new LiveView();
  const spinner = new Spinner();
  let screen: Screen | undefined;

  const space = (): Space => ({
    rows: stream.rows > 0 ? stream.rows : 24,
    signs: { tick, cross, pointer, spinner: spinner.fetch() },
    now: performance.now(),
  });
  const draw = (rows: (space: Space) => Row[] = (there) => view.frame(there)) => {
    if (screen === undefined) return;
    const there = space();
    // The last column stays free: a full line would be two to some terminals.
    const columns = Math.max(20, stream.columns) - 1;
    const plain = { paint: (_: unknown, text: string) => text };
    const changing = rows(there);
    const told = view.takeTold(there).map((row) => drawRow(row, Infinity, style));
    const lines = changing.map((row): Line => ({
      text: drawRow(row, columns, style),
      width: widthOf(drawRow(row, columns, plain)),
    }));
    screen.draw(told, lines);
  };
  const onResize = () => {
    draw();
  };

  return {
    onEvent(event) {
      view.onEvent(event, performance.now());
      if (screen !== undefined) return;
      screen = new Screen(stream);
      stream.on('resize', onResize);
      spinner.start(draw, interval);
    },
    close() {
      spinner.stop();
      stream.off('resize', onResize);
      draw((there) => view.lastFrame(there));
      screen?.close();
      screen = undefined;
      return Promise.resolve();
    },
  };
}
