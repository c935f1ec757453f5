import { mkdir, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arch } from '../../../arch/arch.js';
import { prepare } from '../../../events/prepare.js';
import type { ProviderContext } from '../port.js';
import { invalid, type SourceDescription } from './description.js';
import { notClean } from './directory.js';
import { Complaints } from './failure.js';
import type { Origin } from './origin.js';
import { home, packed, unpackEnds, unpackScript } from './scripts.js';
import type { SourceTree } from './source-tree.js';

/**
 * Unpacks an origin, in a container: tar reads what a stranger may have made.
 * @throws KbuildError KERNEL_SOURCE_INVALID
 */
export async function unpack(
  tree: SourceTree,
  origin: Origin,
  { source, toolchain: name }: SourceDescription,
  arch: Arch,
  context: ProviderContext,
): Promise<void> {
  const parent = join(tree.root, home);
  await mkdir(parent, { recursive: true });
  await chmod(parent, 0o755);
  const { version } = origin;
  const wanted = { ...(name !== undefined && { name }), ...(version !== undefined && { version }) };
  const toolchain = context.toolchain(wanted, arch);
  await prepare(context.emit, `source ${source}`, async (onLine) => {
    const complaints = new Complaints();
    await using(await origin.open(), async (path) => {
      const outcome = await toolchain.run({
        title: `source ${source}`,
        script: unpackScript(`linux-${tree.key.slice(0, 12)}`),
        mounts: [
          { source: path, target: packed },
          { source: parent, target: home, writable: true },
        ],
        env: { LC_ALL: 'C' },
        onLine: (line) => {
          complaints.add(line);
          onLine(line);
        },
      });
      if (outcome.end === 'exited' && outcome.exitCode === 0) return;
      if (outcome.exitCode === unpackEnds.noTree) {
        throw invalid(
          `${source} holds no kernel: it has neither Makefile and Kconfig, nor one directory that has them`,
          'Name the tarball or the top directory of a kernel source.',
        );
      }
      if (outcome.exitCode === unpackEnds.notClean) throw notClean(source, '.config or its like');
      throw invalid(
        `${source} cannot be unpacked: ${complaints.text() || outcome.end}`,
        complaints.noSpace
          ? 'A kernel source takes 1.5 GB in the cache. Free some disk, or name another cache directory in KBUILD_TS_CACHE_DIR.'
          : 'Is it whole? It must be a tar archive, plain or compressed by gzip, xz or zstd, with no name that leads out of it.',
      );
    });
    if (!(await origin.unchanged())) {
      throw invalid(`${source} was changed while it was read`, 'Try again when it is at rest.');
    }
  });
}

async function using(
  opened: { path: string; close: () => Promise<void> },
  work: (path: string) => Promise<void>,
): Promise<void> {
  try {
    await work(opened.path);
  } finally {
    await opened.close();
  }
}
