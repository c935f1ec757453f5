import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostArch } from '../../../arch/arch.js';
import { KbuildError } from '../../../errors/kbuild-error.js';
import type { Mount } from '../../../runtime/port.js';
import { repositoryId, type DnfRepository } from '../../repository.js';
import { suiteByName } from '../../suite.js';
import { cachedIndex, indexDirectory } from '../index-cache.js';
import type { Download, PackageManager } from '../package-manager.js';
import type { ProviderContext } from '../port.js';
import { reasonsIn } from './complaints.js';
import { downloadScript } from './download-script.js';
import { fileStem, parseDnfIndex, type DnfPackage } from './index-file.js';
import { kernelsOf } from './kernels.js';
import { beginning, cacheMount, fetchMount, indexScript, keyDirectory } from './script.js';

/** Where no image is named, one of this suite runs dnf, with the packages that it takes. */
const debianSuite = 'bookworm';
const debianSetup =
  'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends dnf dnf-plugins-core rpm rpm2cpio cpio zstd xz-utils bzip2 && rm -rf /var/lib/apt/lists/*';

/**
 * Has dnf itself fetch, in the distribution's own image, which knows its repositories and keys; a
 * user's own repository is fetched from with Debian's dnf. Metadata are checked by dnf as the
 * repository asks (repo_gpgcheck); packages always, against its keys and no others.
 */
export const dnfManager: PackageManager<DnfRepository> = {
  async kernels(repository, context, refresh = false) {
    const text = await cachedIndex(repository, context, refresh, (onLine) =>
      fetchIndex(repository, context, onLine),
    );
    return kernelsOf(parseDnfIndex(text), repository);
  },

  async download(repository, packages, work, context, onProgress) {
    const files = packages as readonly DnfPackage[]; // what `kernels` gave
    const script = downloadScript(repository, files, hostArch().rpm);
    const mounts = [{ source: work, target: fetchMount, writable: true }];
    const { stdout, said } = await runDnf(repository, context, script, mounts, (line) => {
      onProgress({ line });
    });
    const results = readResults(stdout);
    return files.map((item, i): Download => {
      const result = results.get(String(i));
      if (result === 'good') return { directory: join(work, String(i), 'root') };
      const badKey = results.get('key');
      const why =
        result ??
        (badKey === undefined
          ? undefined
          : `the key ${repository.keys?.[Number(badKey)] ?? ''} cannot be imported`) ??
        reasonsIn(said, fileStem(item)) ??
        'dnf did not say why';
      return { error: notFetched(repository, item, why) };
    });
  },
};

/** What the script for a download says of each package: `good`, or why not. */
function readResults(stdout: string): Map<string, string> {
  const results = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [, verdict, number = '', why = ''] =
      /^(good|bad|badkey)\|(\d+)(?:\|(.*))?$/.exec(line) ?? [];
    if (verdict === 'good') results.set(number, 'good');
    if (verdict === 'bad') results.set(number, why.trim() || 'it cannot be unpacked');
    if (verdict === 'badkey') results.set('key', number);
  }
  return results;
}

async function fetchIndex(
  repository: DnfRepository,
  context: ProviderContext,
  onLine: (line: string) => void,
): Promise<string> {
  const { stdout, said, whole } = await runDnf(
    repository,
    context,
    indexScript(repository),
    [],
    onLine,
  );
  if (whole) return stdout;
  throw new KbuildError(
    'FETCH_FAILED',
    `the package index of ${repositoryId(repository)} could not be fetched: ${reasonsIn(said) ?? said.at(-1) ?? 'dnf failed'}`,
    "Check the network ('kbuild-ts doctor') and what the repository's description says: its addresses and its keys.",
  );
}

/** Runs a script with dnf set up. `whole` tells whether it ended well. */
async function runDnf(
  repository: DnfRepository,
  context: ProviderContext,
  script: string,
  mounts: readonly Mount[],
  onLine: (line: string) => void,
): Promise<{ stdout: string; said: string[]; whole: boolean }> {
  const { image, suite, setup, keys = [] } = repository;
  const cache = join(indexDirectory(repository, context), `dnf-${trustOf(repository)}`);
  await mkdir(cache, { recursive: true });
  const said: string[] = [];
  const id = repositoryId(repository);
  const made =
    image === undefined
      ? {
          suite: suiteByName(setup === undefined ? debianSuite : (suite ?? debianSuite)),
          setup: setup ?? debianSetup,
        }
      : { image, ...(setup !== undefined && { setup }) };
  const outcome = await context.runInImage(
    { name: id, ...made },
    {
      title: `dnf for ${id}`,
      script,
      mounts: [
        { source: cache, target: cacheMount, writable: true },
        ...keys.map((source, i) => ({ source, target: `${keyDirectory}/${i}` })),
        ...mounts,
      ],
      onLine: (line) => {
        if (line === beginning) {
          said.length = 0;
          return;
        }
        said.push(line);
        onLine(line);
      },
    },
  );
  const whole = outcome.end === 'exited' && outcome.exitCode === 0;
  if (outcome.end === 'timeout') said.push('it took longer than 30 minutes');
  return { stdout: outcome.stdout.toString('utf8'), said, whole };
}

/**
 * What decides which metadata are trusted. dnf keeps the keys that it has accepted beside them: with
 * other keys or addresses it must begin anew.
 */
function trustOf({ image, setup, sources, keys = [] }: DnfRepository): string {
  const hash = createHash('sha256').update(JSON.stringify([image, setup, sources]));
  for (const key of keys) hash.update(readKey(key));
  return hash.digest('hex').slice(0, 12);
}

function readKey(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new KbuildError(
      'FILE_UNREADABLE',
      `the key ${path} cannot be read: ${(cause as Error).message}`,
      "Give the public keys of the repository's packages under 'keys:'.",
      { cause },
    );
  }
}

function notFetched(
  repository: DnfRepository,
  { name, version, architecture }: DnfPackage,
  why: string,
): KbuildError {
  const untrusted = /^it(s| is| has) /.test(why);
  return new KbuildError(
    'FETCH_FAILED',
    `${name} ${version} (${architecture}) could not be fetched from ${repositoryId(repository)}: ${why}`,
    untrusted
      ? 'It was thrown away. Are the keys those of the repository? Else ask whoever runs it, or take another mirror.'
      : "Check the network and the disk ('kbuild-ts doctor'); 'kbuild-ts kernel fetch <ref> --refresh' reads the index anew.",
  );
}
