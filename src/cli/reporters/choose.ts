import { plainReporter } from './plain.js';
import type { Reporter } from './reporter.js';

/**
 * The live view on a terminal; plain lines in a pipe, in CI, with `--json` or `--verbose`, unless
 * `--reporter` says otherwise. What GitHub is told beside the lines is told when the run has ended.
 */
export async function chooseReporter(options: {
  json: boolean;
  verbose: boolean;
  reporter?: 'auto' | 'live' | 'plain' | 'github';
}): Promise<Reporter> {
  const { isTTY, columns } = process.stderr;
  // A terminal that does not say how wide it is cannot be drawn on.
  const terminal = isTTY && columns > 0 && process.env.TERM !== 'dumb';
  const { reporter = 'auto' } = options;
  const auto = reporter === 'auto' && !options.json && !options.verbose && !process.env.CI;
  const live = terminal && (auto || reporter === 'live');
  if (!live) return plainReporter(options);
  const { liveReporter } = await import('./live.js');
  return liveReporter();
}
