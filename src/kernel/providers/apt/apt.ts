import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { allArchs, hostArch } from '../../../arch/arch.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import type { Mount } from '../../../runtime/port.js';
import { allGuestPrograms } from '../../guest-program.js';
import { repositoryId, type AptRepository } from '../../repository.js';
import { suiteByName } from '../../suite.js';
import { cachedIndex, indexDirectory } from '../index-cache.js';
import type { Progress } from '../../../events/prepare.js';
import type { Download, PackageManager } from '../package-manager.js';
import type { ProviderContext } from '../port.js';
import { downloadFailures, reasonsIn } from './complaints.js';
import { parseAptIndex, type AptPackage } from './index-file.js';
import { kernelsOf } from './kernels.js';
import { downloadScript, indexScript, keyDirectory } from './script.js';

/**
 * Has apt itself fetch, in the base image of a suite (or another image that has it): apt knows the
 * mirrors and proxies, checks signatures and hashes, and resumes.
 */
export const aptManager: PackageManager<AptRepository> = {
  async kernels(repository, context, refresh = false) {
    const index = await aptIndex(repository, context, refresh);
    return kernelsOf(index, repository, hostArch().debian);
  },

  async download(repository, packages, work, context, onProgress) {
    const files = packages as readonly AptPackage[]; // what `kernels` gave
    const mounts = [{ source: work, target: '/fetch', writable: true }];
    const script = downloadScript(repository, files, context);
    const { stdout, said, whole } = await runApt(repository, context, script, mounts, onProgress);
    const unpacked = new Set(stdout.split('\n'));
    const failures = downloadFailures(said);
    // What befell one file says nothing of another: a 404 would make it count as absent.
    const ofAll = said.filter((line) => !files.some(({ uri }) => line.includes(` ${uri} `)));
    return packages.map((item, i): Download => {
      if (unpacked.has(String(i))) return { directory: join(work, String(i), 'root') };
      const what = `${item.name} ${item.version} (${item.architecture})`;
      const { uri } = files[i] as AptPackage;
      const why =
        failures.get(uri) ?? reasonsIn(ofAll) ?? (whole ? 'apt said nothing' : 'apt failed');
      return {
        error: fetchFailed(`${what} could not be fetched from ${repositoryId(repository)}`, why),
      };
    });
  },
};

/**
 * The packages of a repository that have to do with kernels.
 * @throws KbuildError FETCH_FAILED
 */
export async function aptIndex(
  repository: AptRepository,
  context: ProviderContext,
  refresh = false,
): Promise<AptPackage[]> {
  const fetch = (onLine: (line: string) => void) => fetchIndex(repository, context, onLine);
  return parseAptIndex(await cachedIndex(repository, context, refresh, fetch));
}

async function fetchIndex(
  repository: AptRepository,
  context: ProviderContext,
  onLine: (line: string) => void,
): Promise<string> {
  const { stdout, said, whole } = await runApt(
    repository,
    context,
    indexScript(repository, context, guestPackages(repository)),
    [],
    (progress) => {
      if ('line' in progress) onLine(progress.line);
    },
  );
  if (whole && stdout.includes('\nPackage: ')) return stdout;
  if (whole) {
    throw new KbuildError(
      'FETCH_FAILED',
      `${repositoryId(repository)} has no packages of kernels for ${allArchs()
        .map(({ debian }) => debian)
        .join(' or ')}`,
      'Check the sources in its description: suites, components and architectures.',
    );
  }
  const why = reasonsIn(said) ?? said.at(-1) ?? 'apt failed';
  throw fetchFailed(`the package index of ${repositoryId(repository)} could not be fetched`, why);
}

/** What guests run comes from a repository of kernels, too. */
const guestPackages = (repository: AptRepository): string[] =>
  allGuestPrograms()
    .filter((program) => program.repository === repositoryId(repository))
    .map((program) => program.package);

/** Runs a script with apt set up. `whole` tells whether it ended well. */
async function runApt(
  repository: AptRepository,
  context: ProviderContext,
  script: string,
  mounts: Mount[],
  onProgress: (progress: Progress) => void,
): Promise<{ stdout: string; said: string[]; whole: boolean }> {
  const directory = indexDirectory(repository, context);
  await mkdir(directory, { recursive: true });
  const said: string[] = [];
  const run = {
    title: `apt for ${repositoryId(repository)}`,
    script,
    mounts: [
      { source: directory, target: '/apt', writable: true },
      ...keyMounts(repository),
      ...mounts,
    ],
    onLine: (line: string) => {
      const [, percent, text = ''] = /^dlstatus:\d+:([\d.]+):(.*)$/.exec(line) ?? [];
      if (percent === undefined) said.push(line);
      onProgress(percent === undefined ? { line } : { fraction: Number(percent) / 100, text });
    },
  };
  const { suite, image } = repository;
  const outcome =
    image === undefined
      ? await context.runInSuite(suiteByName(suite ?? ''), run)
      : await context.runInImage({ name: repositoryId(repository), image }, run);
  const whole = outcome.end === 'exited' && outcome.exitCode === 0;
  if (outcome.end === 'timeout') said.push('E: it took longer than 30 minutes');
  return { stdout: outcome.stdout.toString('utf8'), said, whole };
}

/** apt tells armoured keys from others by the file's name. */
function keyMounts({ keys = [] }: AptRepository): Mount[] {
  return keys.map((source, i) => {
    const armoured = readFileSync(source, 'latin1').startsWith('-----BEGIN');
    const name = `${i}-${basename(source).replaceAll(/[^\w-]/g, '_')}.${armoured ? 'asc' : 'gpg'}`;
    return { source, target: `${keyDirectory}/${i}/${name}` };
  });
}

function fetchFailed(what: string, why: string): KbuildError {
  if (/not valid yet/i.test(why)) {
    return new KbuildError(
      'FETCH_FAILED',
      `${what}: ${why}`,
      "This machine's clock is behind: set it.",
    );
  }
  if (/is expired|expired since/i.test(why)) {
    return new KbuildError(
      'FETCH_FAILED',
      `${what}: ${why}`,
      'The repository has not been updated for longer than its own Release file allows: an old state may be replayed. If you trust it all the same, give --allow-expired.',
    );
  }
  return new KbuildError(
    'FETCH_FAILED',
    `${what}: ${why}`,
    "Check the network and the disk ('kbuild-ts doctor'); 'kbuild-ts kernel fetch <ref> --refresh' reads the index anew.",
  );
}
