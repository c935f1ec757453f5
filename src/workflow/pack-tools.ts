import { readFile } from 'node:fs/promises';
import { archByName } from '../arch/arch.js';
import { busyboxFor } from '../kernel/busybox.js';
import { packageEpoch } from '../release/pack/epoch.js';
import type { PackTools } from '../release/pack/format.js';
import { runPackagers } from './run-packagers.js';
import type { Session } from './session.js';

/** What a session gives to formats of packages. */
export const packTools = (session: Session): PackTools => ({
  epoch: packageEpoch(),
  run: (recipes, image) => runPackagers(recipes, image, session),
  busybox: async (arch) => readFile(await busyboxFor(archByName(arch), session.provider)),
});
