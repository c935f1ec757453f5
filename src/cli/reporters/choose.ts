import { plainReporter } from './plain.js';
import type { Reporter } from './reporter.js';

/** The live view on a terminal; plain lines in a pipe, in CI, with `--json` or `--verbose`. */
export async function chooseReporter(options: {
  json: boolean;
  verbose: boolean;
}): Promise<Reporter> {
  const live =
    process.stderr.isTTY &&
    !options.json &&
    !options.verbose &&
    !process.env.CI &&
    process.env.TERM !== 'dumb';
  if (!live) return plainReporter(options);
  const { liveReporter } = await import('./live.js');
  return liveReporter();
}
