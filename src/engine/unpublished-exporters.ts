import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSymvers } from '../kernel/symvers.js';
import { normaliseModuleName } from '../module/read-module.js';

/** More than the kernel's own has. Bytes. */
const largest = 4 * 2 ** 20;

/** As Kbuild names modules, and no longer than the kernel takes them (MODULE_NAME_LEN). */
const moduleName = /^[\w-]{1,55}$/;

/**
 * Of symbols that nothing published exports, the modules that do, as far as the builds' own
 * Module.symvers say: it explains what is missing, and proves nothing.
 * @param published names of the modules that are published
 * @param directories of the Module.symvers
 */
export async function unpublishedExporters(
  wanted: ReadonlySet<string>,
  published: readonly string[],
  directories: readonly string[],
): Promise<Map<string, string>> {
  const exporters = new Map<string, string>();
  if (wanted.size === 0) return exporters;
  const known = new Set(['vmlinux', ...published.map(normaliseModuleName)]);
  for (const directory of directories) {
    const file = join(directory, 'Module.symvers');
    if ((await stat(file)).size > largest) continue;
    for (const { name, module } of parseSymvers(await readFile(file, 'utf8')).values()) {
      const exporter = module.slice(module.lastIndexOf('/') + 1);
      if (!wanted.has(name) || !moduleName.test(exporter)) continue;
      if (!known.has(normaliseModuleName(exporter))) exporters.set(name, exporter);
    }
  }
  return exporters;
}
