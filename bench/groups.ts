import type { Group } from './group.js';
import { ccacheRows } from './ccache.js';
import { dkmsRows } from './dkms.js';
import { fetchRows } from './fetch.js';
import { helloRows } from './hello.js';
import { hiddenRows } from './hidden.js';
import { incrementalRows } from './incremental.js';
import { kmodRows, memoryRows } from './kmod.js';
import { matrixRows } from './matrix.js';
import { noopRows } from './noop.js';
import { releaseRows } from './release.js';
import { scaleRows } from './scale.js';
import { startRows } from './start.js';
import { vmRows } from './vm.js';

/** All groups of rows, by the names that `--only` takes, in the order in which they are measured. */
export const groups: Readonly<Record<string, Group>> = {
  start: startRows,
  hello: helloRows,
  noop: noopRows,
  matrix: matrixRows,
  dkms: dkmsRows,
  incremental: incrementalRows,
  ccache: ccacheRows,
  scale: scaleRows,
  kmod: kmodRows,
  memory: memoryRows,
  fetch: fetchRows,
  vm: vmRows,
  release: releaseRows,
  hidden: hiddenRows,
};
