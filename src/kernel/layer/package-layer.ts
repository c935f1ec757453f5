import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readHostTools } from '../host-tools.js';
import { hostArch } from '../../arch/arch.js';
import { lstat } from '../tree.js';
import { lay } from './lay.js';
import type { LayerRecord } from './layer-store.js';
import { mendFailed } from './mend-failed.js';
import type { PackagePlan } from './mend-plan.js';
import { walkKdir } from './walk-kdir.js';

/**
 * Puts the build machine's own package of host tools in the place of a KDIR's.
 * @param root becomes the root of the layer
 * @param unpacked the directory that the package is unpacked in, or the one with its scripts/
 */
export async function packageLayer(
  root: string,
  { name, directory }: PackagePlan,
  unpacked: string,
  signal: AbortSignal,
): Promise<LayerRecord> {
  const place = [join(unpacked, directory), join(unpacked, 'usr/lib', name), unpacked].find(
    (path) => lstat(join(path, 'scripts')) !== undefined,
  );
  if (place === undefined) {
    throw mendFailed(`${name} for ${hostArch().name} holds no scripts`, [`looked in ${unpacked}`]);
  }
  const target = join(root, directory);
  mkdirSync(dirname(target), { recursive: true });
  const all = {
    treatment: () => 'copy' as const,
    written: new Set<string>(),
    remade: new Set<string>(),
  };
  await lay(
    walkKdir([place], '/', all, () => true),
    target,
    signal,
  );
  const tools = readHostTools([target], '/');
  if (tools?.machine !== hostArch().elf.machine) {
    throw mendFailed(`${name} was fetched for ${hostArch().name}`, [
      'its programs are for another machine',
    ]);
  }
  return { done: [`took ${name} for ${hostArch().name} in place of its own`], passed: [] };
}
