import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { hostArch } from '../../src/arch/arch.js';
import { elfMachine } from '../../src/kernel/layer/elf-machine.js';
import { suiteByName } from '../../src/kernel/suite.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { withSession } from '../../src/workflow/session.js';
import { foreignArch } from './foreign-arch.js';
import { hostTool } from './kdir-tree.js';
import { fetchedKdir } from './kdir.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Gives every program below a KDIR's scripts/ and tools/ to another machine. Their paths. */
export function makeForeign(kdir: string): string[] {
  const program = hostTool(undefined, foreignArch.elf.machine);
  const found: string[] = [];
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && isProgram(path)) found.push(path);
    }
  };
  for (const name of ['scripts', 'tools']) if (existsSync(join(kdir, name))) walk(join(kdir, name));
  for (const path of found) {
    writeFileSync(path, program);
    chmodSync(path, 0o755);
  }
  return found;
}

const isProgram = (path: string): boolean =>
  (statSync(path).mode & 0o111) !== 0 && elfMachine(path) === hostArch().elf.machine;

export function copyTree(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  execFileSync('cp', ['-a', from, to]);
}

/**
 * Debian's headers for an arch, unpacked below a directory as on a machine of another architecture:
 * their linux-kbuild is that machine's.
 */
export async function foreignDebianHeaders(arch: string): Promise<{ root: string; kdir: string }> {
  const root = temporaryDirectory();
  const kdir = await fetchedKdir('debian:bookworm', arch);
  for (const { source, target } of kdir.mounts) {
    if (target.includes('/linux-kbuild-')) continue;
    copyTree(source, join(root, target));
  }
  await fetchForeignHostTools(root);
  return { root, kdir: join(root, kdir.path) };
}

/** Unpacks bookworm's linux-kbuild of another machine's architecture. */
async function fetchForeignHostTools(root: string): Promise<void> {
  const work = temporaryDirectory();
  const lines: string[] = [];
  const signal = new AbortController().signal;
  const options = { cache: cacheDirectory(), runtime: 'docker' as const, emit: () => {}, signal };
  const outcome = await withSession(options, ({ provider }) =>
    provider.runInSuite(suiteByName('bookworm'), {
      title: 'host tools of another machine',
      script: foreignScript(foreignArch.debian),
      mounts: [{ source: work, target: '/fetch', writable: true }],
      onLine: (line) => lines.push(line),
    }),
  );
  if (outcome.exitCode !== 0) throw new Error(`no foreign host tools:\n${lines.join('\n')}`);
  copyTree(join(work, 'root/usr/lib'), join(root, 'usr/lib'));
  rmSync(work, { recursive: true });
}

const foreignScript = (architecture: string): string => `set -eu
exec >&2
mkdir -p /fetch/apt/lists/partial /fetch/apt/cache/archives/partial && : > /fetch/apt/status
cat > /fetch/apt/apt.conf <<END
APT::Architecture "${architecture}"; APT::Architectures { "${architecture}"; };
Dir::State "/fetch/apt"; Dir::State::lists "/fetch/apt/lists"; Dir::State::status "/fetch/apt/status";
Dir::Cache "/fetch/apt/cache"; Dir::Log "/fetch/apt"; APT::Sandbox::User ""; Acquire::Languages "none";
END
export APT_CONFIG=/fetch/apt/apt.conf
apt-get -q -o APT::Update::Error-Mode=any update
cd /fetch && apt-get -q download linux-kbuild-6.1
dpkg-deb -x linux-kbuild-6.1_*.deb /fetch/root`;
