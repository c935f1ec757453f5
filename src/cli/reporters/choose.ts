import { plainReporter } from './plain.js';
import type { Reporter } from './reporter.js';

/** The live view on a terminal; plain lines in a pipe, in CI, with `--json` or `--verbose`. */
export async function chooseReporter(options: {
  json: boolean;
  verbose: boolean;
}): Promise<Reporter> {
  const { isTTY, columns } = process.stderr;
  // A terminal that does not say how wide it is cannot be drawn on.
  const terminal = isTTY && columns > 0 && process.env.TERM !== 'dumb';
  const live = terminal && !options.json && !options.verbose && !process.env.CI;
  if (!live) return plainReporter(options);
  const { liveReporter } = await import('./live.js');
  return liveReporter();
}
