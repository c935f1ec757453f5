import { dependencyGraph } from '../../module/depmod/dependency-graph.js';
import { depmodIndexes } from '../../module/depmod/depmod-indexes.js';
import { depmodTexts } from '../../module/depmod/depmod-texts.js';
import { readDepmodModule } from '../../module/depmod/read-depmod-module.js';
import type { PackedModule } from './release-project.js';

/**
 * The files that depmod writes for a tree of these modules alone, by name, in its order.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE
 */
export function depmodFiles(
  modules: readonly Pick<PackedModule, 'path' | 'plain'>[],
): Record<string, string | Uint8Array> {
  const graph = dependencyGraph({
    modules: modules.map(({ path, plain }) => readDepmodModule(path, plain)),
  });
  return { ...depmodTexts(graph), ...depmodIndexes(graph, {}) };
}
