import type { PackTools } from '../../src/release/pack/format.js';
import { packTools } from '../../src/workflow/pack-tools.js';
import { inSession } from './debian-image.js';

/** Does some work with what formats are given, on the engine. */
export const withPackTools = <T>(
  epoch: number,
  work: (tools: PackTools) => Promise<T>,
): Promise<T> => inSession((session) => work({ ...packTools(session), epoch }));
