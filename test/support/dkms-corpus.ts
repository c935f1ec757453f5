import { createHash } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { suiteByName } from '../../src/kernel/suite.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { withSession } from '../../src/workflow/session.js';
import { makeOnce } from './source-kernel-described.js';

/** A package, and what its dkms.conf says of itself. */
export interface CorpusPackage {
  name: string;
  /** PACKAGE_NAME. */
  project: string;
  /** BUILT_MODULE_NAME. */
  modules: string[];
}

/** Debian bookworm's DKMS packages that all of kbuild-ts is held against. */
export const corpusPackages: readonly CorpusPackage[] = [
  { name: 'acpi-call-dkms', project: 'acpi-call', modules: ['acpi_call'] },
  { name: 'adv-17v35x-dkms', project: 'adv-17v35x', modules: ['adv17v35x'] },
  { name: 'apfs-dkms', project: 'linux-apfs-rw', modules: ['apfs'] },
  { name: 'bbswitch-dkms', project: 'bbswitch', modules: ['bbswitch'] },
  { name: 'ddcci-dkms', project: 'ddcci', modules: ['ddcci', 'ddcci-backlight'] },
  {
    name: 'digimend-dkms',
    project: 'digimend',
    modules: ['hid-kye', 'hid-polostar', 'hid-uclogic', 'hid-viewsonic'],
  },
  { name: 'dm-writeboost-dkms', project: 'dm-writeboost', modules: ['dm-writeboost'] },
  { name: 'evdi-dkms', project: 'evdi', modules: ['evdi'] },
  {
    name: 'gost-crypto-dkms',
    project: 'gost-crypto',
    modules: [
      ...['gost-test', 'gost28147_generic', 'gosthash94_generic', 'kuznyechik_generic'],
      ...['magma_generic', 'streebog_generic'],
    ],
  },
  { name: 'jool-dkms', project: 'jool-dkms', modules: ['jool', 'jool_common', 'jool_siit'] },
  { name: 'lime-forensics-dkms', project: 'lime-forensics', modules: ['lime'] },
  { name: 'v4l2loopback-dkms', project: 'v4l2loopback', modules: ['v4l2loopback'] },
];

/** The names of all their modules. */
export const corpusModules: readonly string[] = corpusPackages.flatMap(({ modules }) => modules);

/** Some of them are amd64's, though they hold nothing but sources. */
const fetchScript = `set -eu
exec >&2
mkdir -p /fetch/apt/lists/partial /fetch/apt/cache/archives/partial && : > /fetch/apt/status
cat > /fetch/apt/apt.conf <<END
APT::Architecture "amd64"; APT::Architectures { "amd64"; };
Dir::State "/fetch/apt"; Dir::State::lists "/fetch/apt/lists"; Dir::State::status "/fetch/apt/status";
Dir::Cache "/fetch/apt/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
Dir::Log "/fetch/apt"; APT::Sandbox::User ""; Acquire::Languages "none";
END
export APT_CONFIG=/fetch/apt/apt.conf
apt-get -q -o APT::Update::Error-Mode=any update
mkdir /fetch/deb && cd /fetch/deb
apt-get -q download ${corpusPackages.map(({ name }) => name).join(' ')}`;

/** The packages as Debian gives them, by name; kept in the cache. */
export async function dkmsCorpus(): Promise<Map<string, string>> {
  const hash = createHash('sha256').update(fetchScript).digest('hex').slice(0, 12);
  const directory = join(cacheDirectory(), `test-dkms-corpus-${hash}`);
  await makeOnce(directory, async (temporary) => {
    const { signal } = new AbortController();
    const emit = () => undefined;
    const options = { cache: cacheDirectory(), runtime: 'docker' as const, emit, signal };
    const said: string[] = [];
    await withSession(options, async ({ scratch, provider }) => {
      const work = join(scratch, 'dkms-corpus');
      await mkdir(work);
      const { exitCode } = await provider.runInSuite(suiteByName('bookworm'), {
        title: "Debian's DKMS packages",
        script: fetchScript,
        mounts: [{ source: work, target: '/fetch', writable: true }],
        onLine: (line) => said.push(line),
      });
      if (exitCode !== 0) throw new Error(`the corpus cannot be fetched:\n${said.join('\n')}`);
      for (const file of await readdir(join(work, 'deb'))) {
        await rename(join(work, 'deb', file), join(temporary, file));
      }
    });
  });
  const files = await readdir(directory);
  return new Map(
    corpusPackages.map(({ name }) => {
      const file = files.find((one) => one.startsWith(`${name}_`));
      if (file === undefined) throw new Error(`${directory} has no ${name}: remove it`);
      return [name, join(directory, file)];
    }),
  );
}
