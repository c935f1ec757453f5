import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostArch } from '../../arch/arch.js';
import { parseKernelConfig } from '../config.js';
import { readText } from '../read-text.js';
import { lstat } from '../tree.js';
import { configDrift } from './config-drift.js';
import { elfMachine } from './elf-machine.js';
import type { MakeInputs } from './make-layer.js';

/**
 * Holds what make left against what was wanted of it. The KDIR's Makefiles are programs of others:
 * that make ended well says nothing.
 * @param directory of the KDIR in the layer
 */
export function checkMade(
  directory: string,
  { config, plan }: Pick<MakeInputs, 'config' | 'plan'>,
): { problems: string[]; notes: string[] } {
  const special = specialFile(directory);
  if (special !== undefined)
    return { problems: [`it left ${special}, which is no file`], notes: [] };
  const machine = hostArch().elf.machine;
  const problems = plan.programs
    .filter(({ path }) => !isMade(join(directory, path), machine))
    .map(({ path }) => `${path} was not made for this machine`);
  if (plan.moduleLds && !isFile(join(directory, 'scripts/module.lds'))) {
    problems.push('scripts/module.lds was not made');
  }
  if (!plan.prepare) return { problems, notes: [] };
  const now = join(directory, '.config');
  if (!isFile(now)) return { problems: [...problems, 'its .config is gone'], notes: [] };
  let text;
  try {
    text = readText(now);
  } catch (error) {
    return { problems: [...problems, `its .config: ${(error as Error).message}`], notes: [] };
  }
  const drift = configDrift(config, parseKernelConfig(text));
  if (drift.kernel.length > 0) {
    const [first, ...more] = drift.kernel;
    problems.push(
      `its configuration would be another: ${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}`,
    );
  }
  return { problems, notes: drift.tools.map((said) => `configured for other tools: ${said}`) };
}

const isFile = (path: string): boolean => lstat(path)?.isFile() === true;

/** A directory (of GCC plugins) is not looked into: their names are the configuration's. */
function isMade(path: string, machine: number): boolean {
  const stat = lstat(path);
  return stat?.isDirectory() === true || (stat?.isFile() === true && elfMachine(path) === machine);
}

/** What is neither a file nor a directory nor a link: nobody may be made to open it. */
function specialFile(directory: string): string | undefined {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      const found = specialFile(path);
      if (found !== undefined) return found;
    } else if (!entry.isFile() && !entry.isSymbolicLink()) return path;
  }
  return undefined;
}
