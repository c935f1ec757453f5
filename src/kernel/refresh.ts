import { aptIndex } from './providers/apt.js';
import type { ProviderContext } from './providers/port.js';
import { parseKernelRef } from './ref.js';
import { suiteByName } from './suite.js';

/** Reads the package indexes anew that kernel references are resolved with. */
export async function refreshIndex(
  refs: readonly string[],
  context: ProviderContext,
): Promise<void> {
  const suites = refs.map(parseKernelRef).flatMap((ref) => ('suite' in ref ? [ref.suite] : []));
  for (const suite of new Set(suites)) await aptIndex(suiteByName(suite), context, true);
}
