import { copyFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount } from '../../runtime/port.js';
import { lstat } from '../tree.js';

/** What says of which files and which compiler a configuration was made. */
export const configDependencies = 'include/config/auto.conf.cmd';

/**
 * Keeps Kconfig from configuring again, as it would for a compiler of another version: to make, the
 * configuration is older than all that was made of it, and depends on nothing else.
 * @param directory of the KDIR in the layer
 * @param scratch an empty directory of the run
 */
export function unconfigured(kdir: string, directory: string, scratch: string): Mount[] {
  mkdirSync(scratch, { recursive: true });
  const config = join(scratch, 'config');
  copyFileSync(join(directory, '.config'), config);
  utimesSync(config, 0, 0);
  const nothing = join(scratch, 'nothing');
  writeFileSync(nothing, '');
  // Where the original has no such file, the layer has a directory of its own for it.
  const inLayer = lstat(join(directory, 'include/config')) !== undefined;
  if (inLayer) writeFileSync(join(directory, configDependencies), '');
  return [
    { source: config, target: join(kdir, '.config') },
    ...(inLayer ? [] : [{ source: nothing, target: join(kdir, configDependencies) }]),
  ];
}
