import { statSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { allArchs } from '../../arch/arch.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { prepare } from '../../events/prepare.js';
import { makeDirectoryAtomic, writeFileAtomic } from '../../storage/atomic.js';
import { isDirectory } from '../kdir.js';
import type { Suite } from '../suite.js';
import { parseAptIndex, type AptPackage } from './apt-index.js';
import type { ProviderContext } from './port.js';

/**
 * Has apt itself, in the base image of a suite, fetch from the repositories that the image is
 * configured for: apt knows the mirrors, checks signatures and hashes, and resumes.
 */

/** How long an index is believed without asking the repository again. Milliseconds. */
const indexLifetime = 24 * 60 * 60 * 1000;

/** Directories of apt's own for each suite, so that no root and no system state is needed. */
const aptSetup = [
  'set -eu',
  'mkdir -p /apt/lists/partial /apt/cache/archives/partial && : > /apt/status',
  'cat > /tmp/apt.conf <<END', // not shared: several containers may run at once
  'Dir::State "/apt"; Dir::State::lists "/apt/lists"; Dir::State::status "/apt/status";',
  'Dir::Cache "/apt/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";',
  'Dir::Log "/apt"; APT::Sandbox::User ""; Acquire::Languages "none"; Acquire::GzipIndexes "true";',
  `APT::Architectures { ${allArchs()
    .map(({ debian }) => `"${debian}";`)
    .join(' ')} };`,
  'END',
  'export APT_CONFIG=/tmp/apt.conf',
].join('\n');

/** Updates the lists and prints the stanzas of all kernel headers, every version of them. */
const indexScript = `${aptSetup}
exec 9> /apt/lock && flock 9
apt-get -q -o APT::Update::Error-Mode=any update >&2
names=$(apt-cache search --names-only '^linux-(headers|kbuild)-' | cut -d' ' -f1 | sort -u)
for arch in ${allArchs()
  .map(({ debian }) => debian)
  .join(' ')}; do
  apt-cache show $(for name in $names; do echo "$name:$arch"; done) 2>/dev/null || true
  echo
done`;

const suiteDirectory = (cache: string, suite: Suite): string => join(cache, 'apt', suite.name);

/**
 * The kernel headers that a suite's repositories have; asked again once a day, or if `refresh`.
 * @throws KbuildError FETCH_FAILED
 */
export async function aptIndex(
  suite: Suite,
  context: ProviderContext,
  refresh = false,
): Promise<AptPackage[]> {
  const file = join(suiteDirectory(context.cache, suite), 'index');
  const time = aptIndexTime(suite, context);
  const age = time === 0 ? undefined : Date.now() - time;
  if (age === undefined || refresh || age > indexLifetime) {
    try {
      await writeFileAtomic(file, await fetchIndex(suite, context));
    } catch (error) {
      if (age === undefined || context.signal.aborted || !(error instanceof KbuildError))
        throw error;
      const hours = Math.round(age / 3_600_000);
      context.emit({
        type: 'warning',
        message: `the package index of ${suite.name} could not be updated (${error.message}); the one of ${hours} hours ago is used`,
        hint: error.hint,
      });
    }
  }
  return parseAptIndex(await readFile(file, 'utf8'));
}

/** When the index of a suite was read, as its file's modification time; 0 for never. */
export function aptIndexTime(suite: Suite, { cache }: ProviderContext): number {
  const file = join(suiteDirectory(cache, suite), 'index');
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

async function fetchIndex(suite: Suite, context: ProviderContext): Promise<string> {
  const directory = suiteDirectory(context.cache, suite);
  await mkdir(directory, { recursive: true });
  return prepare(context.emit, `package index of ${suite.name}`, async (onLine) => {
    const { text, said } = await runApt(suite, context, indexScript, [], onLine);
    if (text !== undefined && text.includes('Package: linux-headers-')) return text;
    throw fetchFailed(`the package index of ${suite.name} could not be fetched`, said);
  });
}

/** Where a package lies unpacked: the name says all that its content depends on. */
function packageDirectory(cache: string, { name, version, architecture }: AptPackage): string {
  return join(cache, 'packages', `${name}_${encodeURIComponent(version)}_${architecture}`);
}

/**
 * Fetches packages that are not there yet, each unpacked into a directory of its own.
 * @returns the directories, in the order of the packages
 * @throws KbuildError FETCH_FAILED
 */
export async function fetchPackages(
  suite: Suite,
  packages: readonly AptPackage[],
  title: string,
  context: ProviderContext,
): Promise<string[]> {
  const directories = packages.map((p) => packageDirectory(context.cache, p));
  const missing = packages.filter((p) => !isDirectory(packageDirectory(context.cache, p)));
  if (missing.length === 0) return directories;
  await prepare(context.emit, title, async (onLine) => {
    const work = join(context.scratch, `fetch-${missing[0]?.name ?? ''}`);
    await mkdir(work, { recursive: true });
    const mounts = [{ source: work, target: '/fetch', writable: true }];
    const { text, said } = await runApt(suite, context, fetchScript(missing), mounts, onLine);
    if (text === undefined) {
      await rm(work, { recursive: true, force: true });
      throw fetchFailed(
        `${missing.map((p) => `${p.name} ${p.version}`).join(', ')} could not be fetched`,
        said,
      );
    }
    for (const [i, item] of missing.entries()) {
      await makeDirectoryAtomic(packageDirectory(context.cache, item), (temporary) =>
        rename(join(work, String(i)), join(temporary, 'root')),
      );
    }
    await rm(work, { recursive: true, force: true });
  });
  return directories;
}

/** Downloads packages and unpacks the i-th to /fetch/<i>. */
function fetchScript(packages: readonly AptPackage[]): string {
  const fetches = packages.map(({ name, architecture, version }, i) => {
    const qualified = architecture === 'all' ? name : `${name}:${architecture}`;
    // A line each: `set -e` minds only the last command of an && list.
    return `mkdir /fetch/deb${i}
cd /fetch/deb${i}
apt-get -q download '${qualified}=${version}' >&2
dpkg-deb -x /fetch/deb${i}/*.deb /fetch/${i}
rm -r /fetch/deb${i}`;
  });
  return [aptSetup, ...fetches].join('\n');
}

/** Runs a script with apt set up. Gives its output, or undefined with what it said if it failed. */
async function runApt(
  suite: Suite,
  context: ProviderContext,
  script: string,
  mounts: { source: string; target: string; writable?: boolean }[],
  onLine: (line: string) => void,
): Promise<{ text: string | undefined; said: string[] }> {
  const said: string[] = [];
  const outcome = await context.runInSuite(suite, {
    title: `apt for ${suite.name}`,
    script,
    mounts: [
      { source: suiteDirectory(context.cache, suite), target: '/apt', writable: true },
      ...mounts,
    ],
    onLine: (line) => {
      said.push(line);
      onLine(line);
    },
  });
  const worked = outcome.end === 'exited' && outcome.exitCode === 0;
  return { text: worked ? outcome.stdout.toString('utf8') : undefined, said };
}

function fetchFailed(what: string, said: readonly string[]): KbuildError {
  const reasons = said.filter((line) => /^(E|Err|W):/.test(line)).slice(0, 3);
  const why = (reasons.length > 0 ? reasons : said.slice(-1)).join('; ');
  return new KbuildError(
    'FETCH_FAILED',
    `${what}: ${why}`,
    "Check the network ('kbuild-ts doctor'); 'kbuild-ts kernel fetch <ref> --refresh' reads the index anew.",
  );
}
