import { PassThrough } from 'node:stream';
import type { Style } from '../../src/cli/style.js';

/** As text goes to a pipe. */
export const plainStyle: Style = { paint: (_, text) => text };

/** Shows where paint begins and ends, and which: `<red:failed>`. */
export const visibleStyle: Style = { paint: (format, text) => `<${String(format)}:${text}>` };

/** A stream that says of itself whether it is a terminal. */
export function streamLike(isTTY: boolean | undefined): NodeJS.WriteStream {
  return Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
}
