import type { PackTools } from '../../src/release/pack/format.js';
import { runPackagers } from '../../src/workflow/run-packagers.js';
import { inSession } from './debian-image.js';

/** Does some work with what formats are given, on the engine. */
export const withPackTools = <T>(
  epoch: number,
  work: (tools: PackTools) => Promise<T>,
): Promise<T> =>
  inSession((session) =>
    work({ epoch, run: (recipes, image) => runPackagers(recipes, image, session) }),
  );
