import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { startFaultyServer, type FaultyServer } from './faulty-server.js';
import { arm64Config, hostTool, kdirFiles, machines, under, without } from './kdir-tree.js';
import { temporaryDirectory, writeTree, type FileTree } from './temporary-directory.js';

/** A kernel that a repository of the tests has headers of. */
export interface FakeKernel {
  /** For example `6.1.0-90`. */
  abi: string;
  /** For example `cloud-arm64`; ends with Debian's name of its architecture. */
  flavour: string;
  /** Bytes of its headers package that no compression makes less; default: 100,000. */
  size?: number;
  /** Empty files that it has besides; default: none. */
  files?: number;
}

/** How a Release file is signed and what it says of its age. */
export interface Publishing {
  /** `other`: by a key that the repository's users do not know. */
  signature?: 'own' | 'other' | 'none';
  validUntil?: Date;
}

/** A signed apt repository on loopback, as Debian's tools make them, whose server can fail. */
export interface AptRepositoryServer extends FaultyServer {
  /** The repository's data file, for `--repository`. */
  file: string;
  /** Signs what the repository has anew. */
  publish: (how?: Publishing) => Promise<void>;
  /** Makes the packages of more kernels; `publish` shows them. */
  add: (...kernels: FakeKernel[]) => Promise<void>;
}

const version = '6.1.900-1';
const architectures = ['amd64', 'arm64'];
const suite = 'stable';

/**
 * Makes a repository of these kernels and serves it. `<distribution>:<name>` names it.
 */
export async function startAptRepository(
  kernels: FakeKernel[],
  { distribution = 'acme', name = 'stable' } = {},
): Promise<AptRepositoryServer> {
  const directory = temporaryDirectory();
  const root = join(directory, 'www');
  mkdirSync(join(root, 'pool'), { recursive: true });
  mkdirSync(join(root, 'dists', suite), { recursive: true });
  const gpg = await signers(directory);
  let times = 0;
  const add = async (...more: FakeKernel[]): Promise<void> => {
    for (const kernel of more) await addKernel(directory, join(root, 'pool'), kernel);
  };
  const publish = async (how: Publishing = {}): Promise<void> => {
    await writeIndex(root, how.validUntil);
    await sign(join(root, 'dists', suite), how.signature ?? 'own', gpg);
    // What is new has another time, also for HTTP, which knows of seconds only.
    await execa('find', [
      join(root, 'dists'),
      '-type',
      'f',
      '-exec',
      'touch',
      '-d',
      `+${++times} seconds`,
      '{}',
      '+',
    ]);
  };
  for (const arch of architectures) await addKbuild(directory, join(root, 'pool'), arch);
  await add(...kernels);
  await publish();
  const server = await startFaultyServer(root);
  const file = join(directory, `${distribution}-${name}.yaml`);
  writeFileSync(file, dataFile(server.origin, distribution, name));
  const stop = async (): Promise<void> => {
    await server.stop();
    for (const home of [gpg.own, gpg.other]) {
      await execa('gpgconf', ['--kill', 'gpg-agent'], { env: { GNUPGHOME: home } });
    }
  };
  return { ...server, file, add, publish, stop };
}

const dataFile = (origin: string, distribution: string, name: string): string =>
  stringify({
    distribution,
    name,
    manager: 'apt',
    suite: 'bookworm',
    keys: ['key.asc'],
    sources: `Types: deb\nURIs: ${origin}/\nSuites: ${suite}\nComponents: main\n`,
    kernels: {
      package: String.raw`^linux-headers-(?<release>\d.*)$`,
      with: String.raw`^linux-(headers-\d.*-common(-rt)?|kbuild-.*)$`,
      latest: 'linux-headers-{flavour}',
      kdir: '/usr/src/linux-headers-{release}',
    },
  });

interface Package {
  name: string;
  architecture: string;
  version?: string;
  depends?: string;
  files?: FileTree;
}

async function addPackage(directory: string, pool: string, item: Package): Promise<void> {
  const { name, architecture, depends, files = {} } = item;
  const tree = join(directory, 'package');
  rmSync(tree, { recursive: true, force: true });
  const control = [
    `Package: ${name}`,
    `Version: ${item.version ?? version}`,
    `Architecture: ${architecture}`,
    'Maintainer: Nobody <nobody@example.org>',
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    'Description: kernel headers of a test',
    '',
  ].join('\n');
  writeTree(tree, { 'DEBIAN/control': control, ...files });
  await execa('dpkg-deb', ['-Zgzip', '-z1', '--root-owner-group', '--build', tree, pool]);
}

const configs: Record<string, string> = {
  arm64: arm64Config,
  amd64: arm64Config.replace('CONFIG_ARM64=y', 'CONFIG_X86_64=y').replace('arm64', 'x86'),
};

async function addKernel(directory: string, pool: string, kernel: FakeKernel): Promise<void> {
  const { abi, flavour, size = 100_000, files = 0 } = kernel;
  const release = `${abi}-${flavour}`;
  const architecture = flavour.split('-').at(-1) ?? '';
  const common = `linux-headers-${abi}-common`;
  const tree = without(kdirFiles(configs[architecture]), 'scripts', 'drivers', 'include/linux');
  await addPackage(directory, pool, {
    name: `linux-headers-${release}`,
    architecture,
    depends: `${common} (= ${version}), linux-kbuild-6.1 (>= ${version}), gcc-12`,
    files: under(`usr/src/linux-headers-${release}`, {
      ...tree,
      Makefile: `include /usr/src/${common}/Makefile\n`,
      'include/generated/utsrelease.h': `#define UTS_RELEASE "${release}"\n`,
      scripts: { link: '../../lib/linux-kbuild-6.1/scripts' },
      tools: { link: '../../lib/linux-kbuild-6.1/tools' },
      weight: randomBytes(size),
      ...Object.fromEntries(Array.from({ length: files }, (_, i) => [`many/${i}`, ''])),
    }),
  });
  if (!existsSync(join(pool, `${common}_${version}_all.deb`))) {
    await addPackage(directory, pool, {
      name: common,
      architecture: 'all',
      files: under(`usr/src/${common}`, {
        Makefile: '# the kernel\n',
        'arch/arm64/Makefile': '# arm64\n',
        'arch/x86/Makefile': '# x86\n',
        'include/linux/module.h': '/* module */\n',
        scripts: { link: '../../lib/linux-kbuild-6.1/scripts' },
      }),
    });
  }
  // The meta package follows the kernel that was added last; apt keeps its older versions.
  const order = readdirSync(pool).length;
  await addPackage(directory, pool, {
    name: `linux-headers-${flavour}`,
    architecture,
    version: `6.1.${order}`,
    depends: `linux-headers-${release} (= ${version})`,
  });
}

async function addKbuild(directory: string, pool: string, architecture: string): Promise<void> {
  const tool = hostTool(undefined, architecture === 'arm64' ? machines.arm64 : machines.x86_64);
  await addPackage(directory, pool, {
    name: 'linux-kbuild-6.1',
    architecture,
    files: under('usr/lib/linux-kbuild-6.1', {
      'scripts/Makefile.build': '# build\n',
      'scripts/basic/fixdep': tool,
      'scripts/mod/modpost': tool,
      'tools/objtool/objtool': tool,
    }),
  });
}

async function writeIndex(root: string, validUntil?: Date): Promise<void> {
  const release = join('dists', suite);
  for (const arch of architectures) {
    const directory = join(root, release, 'main', `binary-${arch}`);
    mkdirSync(directory, { recursive: true });
    const args = ['--arch', arch, 'packages', 'pool'];
    const { stdout } = await execa('apt-ftparchive', args, { cwd: root });
    writeFileSync(join(directory, 'Packages'), `${stdout}\n`);
    await execa('gzip', ['-9', '-k', '-f', join(directory, 'Packages')]);
  }
  for (const name of ['Release', 'Release.gpg', 'InRelease']) {
    rmSync(join(root, release, name), { force: true });
  }
  const fields = { Suite: suite, Architectures: architectures.join(' '), Components: 'main' };
  const options = Object.entries(fields).map(([k, v]) => `-oAPT::FTPArchive::Release::${k}=${v}`);
  const args = [...options, 'release', release];
  const { stdout } = await execa('apt-ftparchive', args, { cwd: root });
  const until =
    validUntil === undefined
      ? ''
      : `Valid-Until: ${validUntil.toUTCString().replace('GMT', 'UTC')}\n`;
  writeFileSync(join(root, release, 'Release'), `${until}${stdout}\n`);
}

/** Homes of GnuPG with a key each; the own one's is what the repository's users have. */
async function signers(directory: string): Promise<{ own: string; other: string }> {
  const homes = { own: join(directory, 'own'), other: join(directory, 'other') };
  for (const home of Object.values(homes)) {
    mkdirSync(home, { mode: 0o700 });
    const args = ['--batch', '--passphrase', '', '--quick-gen-key', home, 'ed25519', 'sign'];
    await execa('gpg', args, { env: { GNUPGHOME: home } });
  }
  const key = ['--armor', '--output', join(directory, 'key.asc'), '--export'];
  await execa('gpg', key, { env: { GNUPGHOME: homes.own } });
  return homes;
}

async function sign(
  directory: string,
  by: 'own' | 'other' | 'none',
  homes: { own: string; other: string },
): Promise<void> {
  if (by === 'none') return;
  const options = { cwd: directory, env: { GNUPGHOME: homes[by] } };
  await execa('gpg', ['--batch', '--clearsign', '-o', 'InRelease', 'Release'], options);
  await execa('gpg', ['--batch', '-ab', '-o', 'Release.gpg', 'Release'], options);
}
