import { managerOf } from './providers/managers.js';
import type { ProviderContext } from './providers/port.js';
import { parseKernelRef } from './ref.js';

/** Reads the package indexes anew that kernel references are resolved with. */
export async function refreshIndex(
  refs: readonly string[],
  context: ProviderContext,
): Promise<void> {
  const repositories = refs.flatMap((text) => {
    const ref = parseKernelRef(text, context.repositories);
    return ref.provider === 'repository' ? ref.repositories : [];
  });
  for (const repository of new Set(repositories)) {
    await managerOf(repository).kernels(repository, context, true);
  }
}
