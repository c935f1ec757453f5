import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { prepare } from '../events/prepare.js';
import type { PackageRecipe } from '../release/dkms/debian-package.js';
import type { PackageFile } from '../release/dkms/dkms-tarball.js';
import { writeEntries } from '../release/dkms/write-entries.js';
import { buildEnvironment } from '../runtime/build-environment.js';
import type { Session } from './session.js';

/** The suite whose tools make packages: the oldest that has them all, so that others can read them. */
const suite = 'bookworm';

/** What puts a format's tool into the image of the suite; dpkg-deb is in every image. */
const setups = {
  deb: undefined,
  rpm: 'apt-get update && apt-get install -y --no-install-recommends rpm && rm -rf /var/lib/apt/lists/*',
} as const;

const limits = { memoryBytes: 2 ** 32, diskBytes: 2 ** 31, timeoutMs: 10 * 60 * 1000 };

/**
 * Makes a package with the distribution's own tool, in a container without a network.
 * @throws KbuildError DKMS_PACK_FAILED, ENGINE_*, IMAGE_*
 */
export async function runPackager(
  recipe: PackageRecipe,
  format: keyof typeof setups,
  session: Session,
): Promise<PackageFile> {
  const { emit, signal } = session;
  const image = await session.suiteImage(suite, `pack-${format}`, setups[format]);
  return prepare(emit, recipe.name, async (onLine) => {
    const source = join(session.scratch, 'packages', recipe.name);
    const lines: string[] = [];
    try {
      await writeEntries(recipe.entries, source);
      const runtime = await session.runtime();
      const outcome = await runtime.run(
        {
          ...limits,
          image: image.id,
          script: recipe.script,
          env: buildEnvironment(),
          mounts: [{ source, target: '/src' }],
          profile: 'build',
          title: recipe.name,
        },
        {
          onLine: (line) => {
            lines.push(line);
            onLine(line);
          },
          signal,
        },
      );
      if (outcome.end === 'exited' && outcome.exitCode === 0) {
        return { name: recipe.name, bytes: outcome.stdout };
      }
      throw new KbuildError(
        'DKMS_PACK_FAILED',
        `${recipe.name} could not be made: ${outcome.end === 'exited' ? `the packaging tool exited with ${outcome.exitCode}: ${lines.slice(-3).join('; ')}` : outcome.end}`,
        'Run it again with --verbose to see all that the tool says.',
      );
    } finally {
      await rm(source, { recursive: true, force: true });
    }
  });
}
