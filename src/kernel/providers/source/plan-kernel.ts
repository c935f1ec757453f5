import { createHash } from 'node:crypto';
import { archByName, type Arch } from '../../../arch/arch.js';
import { readBounded } from '../../../storage/read-bounded.js';
import type { KernelToolchain, ProviderContext } from '../port.js';
import type { SourceDescription } from './description.js';
import { buildEnvironment } from '../../../runtime/build-environment.js';
import { fragmentsOf, type Fragment } from './fragments.js';
import { originOf } from './origin.js';
import { recipeVersion } from './scripts.js';
import { ensureTree, versionOf, wantedTree, type SourceTree } from './source-tree.js';

/** All that the key of a kernel is made of. */
export interface KernelPlan {
  /** Names what will come out. Hexadecimal. */
  key: string;
  description: SourceDescription;
  arch: Arch;
  tree: SourceTree;
  toolchain: KernelToolchain;
  fragments: Fragment[];
  /** The text that `.config` begins as, where it is a file. */
  config?: string;
  /** Variables of the make line, ARCH among them. */
  variables: string[];
}

/** Finds the key, for which the source must be unpacked: its version decides on the toolchain. */
export async function planKernel(
  description: SourceDescription,
  asked: Arch,
  context: ProviderContext,
  make: boolean,
): Promise<KernelPlan> {
  const arch = description.arch === undefined ? asked : archByName(description.arch);
  const fragments = fragmentsOf(description); // what is wrong with them is told at once
  const config =
    'file' in description.config ? readBounded(description.config.file).toString() : undefined;
  const origin = await originOf(description, context);
  const tree = await wantedTree(origin, description, context);
  if (make) await ensureTree(tree, origin, description, arch, context);
  const version = versionOf(tree);
  const { toolchain: name } = description;
  const wanted = { ...(name !== undefined && { name }), ...(version !== undefined && { version }) };
  const toolchain = context.toolchain(wanted, arch);
  const own = Object.entries(description.make).map(([variable, value]) => `${variable}=${value}`);
  const variables = [...toolchain.make, ...own];
  const inputs = [
    ...[recipeVersion, tree.key, arch.name, toolchain.image, variables, description.build],
    ...[config ?? description.config, fragments.map(({ text }) => text), buildEnvironment()],
  ];
  const key = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  const plan = { key, description, arch, tree, toolchain, fragments, variables };
  return config === undefined ? plan : { ...plan, config };
}
