import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { archByName } from '../../src/arch/arch.js';
import { rpmFormat } from '../../src/release/pack/rpm/rpm-format.js';
import type { ReleaseFile } from '../../src/release/pack/format.js';
import type { KernelModules, ReleaseProject } from '../../src/release/pack/release-project.js';
import { signRpms } from '../../src/release/pack/rpm/sign-rpm.js';
import { openPgpSigner } from '../../src/release/repository/openpgp-signer.js';
import { rpmRepository } from '../../src/release/repository/rpm-repository.js';
import { build, examples } from '../support/cli.js';
import { kbuildErrorOf } from '../support/kbuild-error-of.js';
import { fetchedKdir } from '../support/kdir.js';
import { kmodVersions } from '../support/kmod.js';
import { withPackTools } from '../support/pack-tools.js';
import { runRpmTools } from '../support/rpm-container.js';
import { makeSigningKey } from '../support/rpm-repository.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

const epoch = 1_700_000_000;

/** What the container sees: `1` and `2`, the packages of two versions, `yum`, `again`, … */
const work = temporaryDirectory();
const at = (...names: string[]) => join(work, ...names);

/** The kernels that the modules are really built for. */
const kernels: { ref: string; release: string; arch: string; symvers: string }[] = [];

/** A kernel as its modules are packed; RHEL's kernels have one - in their release, Debian's two. */
type Packed = Pick<KernelModules, 'release' | 'rpm'>;

const moduleFile = (name: string, { release, arch }: { release: string; arch: string }) =>
  at('dist', release, arch, `${name}.ko`);

function kernelModules(kernel: (typeof kernels)[number], name: string, packed: Packed) {
  const { debian, rpm, oci } = archByName(kernel.arch);
  const plain = readFileSync(moduleFile(name, kernel));
  return {
    job: `${name}-${packed.release}`,
    arch: { name: kernel.arch, debian, rpm, oci },
    kernelPackages: [],
    modules: [{ name, path: `extra/${name}.ko`, bytes: plain, plain }],
    ...packed,
  };
}

function projects(version: string, packed: (release: string) => Packed[]): ReleaseProject[] {
  const common = { version, about: {}, initramfs: true };
  const none = { autoload: [], options: {}, blacklist: [], softdep: {} };
  const kernelsOf = (name: string) =>
    kernels.flatMap((kernel) =>
      packed(kernel.release).map((as) => kernelModules(kernel, name, as)),
    );
  const settings = { ...none, autoload: ['exporter'], options: { exporter: `size=${version}` } };
  return [
    {
      ...common,
      project: 'exporter',
      name: 'exporter',
      settings,
      depends: [],
      kernels: kernelsOf('exporter'),
    },
    {
      ...common,
      project: 'consumer',
      name: 'consumer',
      settings: none,
      depends: ['exporter'],
      kernels: kernelsOf('consumer'),
    },
  ];
}

function keep(directory: string, files: readonly ReleaseFile[]): void {
  const tree = files.map(({ path, bytes }): [string, Uint8Array] => [path, bytes]);
  writeTree(at(directory), Object.fromEntries(tree));
}

const asIs = (release: string): Packed[] => [{ release }];

/** Two kernels whose packages are of the kind of RHEL's, and one of Fedora's. */
const rhel = ['6.1.0-56.el9.x86_64', '6.1.0-57.el9.x86_64'] as const;
const fedora = '6.1.0-58.fc40.x86_64';
const asRhel = (release: string): Packed[] =>
  release === kernels[0]?.release
    ? [
        ...rhel.map((name) => ({ release: name, rpm: { symbols: true } })),
        { release: fedora, rpm: { symbols: false } },
      ]
    : [];

/** Of more file descriptors, rpm would close each before each scriptlet. */
const head = 'set -eu; ulimit -n 1024';

async function run(script: string): Promise<string[]> {
  const mounts = [{ source: work, target: '/exchange' }];
  const { exitCode, stdout, stderr } = await runRpmTools(`${head}\n${script}`, mounts);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** Packages of the base system that the tests' own root has none of. */
const spec = (name: string, lines: string[]) =>
  [
    `Name: ${name}`,
    ...['Version: 1', 'Release: 1', 'Summary: x', 'License: x', 'BuildArch: noarch', ...lines],
    ...['%description', 'x', '%files', ''],
  ].join('\n');

function kernelSpec(release: string, symbols: boolean): string {
  const provides = readFileSync(kernels[0]!.symvers, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([crc = '', name = '']) => `Provides: kernel(${name}) = ${crc}`);
  return spec(`kernel-${release}`, [
    `Provides: kernel-uname-r = ${release}`,
    ...(symbols ? provides : []),
  ]);
}

async function newSigner(name: string, kind: string) {
  const { home } = await makeSigningKey(at('keys'), name, kind);
  const { stdout } = await execa('gpg', [
    ...['--homedir', home, '--batch', '--armor', '--export-secret-keys'],
  ]);
  await execa('gpgconf', ['--homedir', home, '--kill', 'all']);
  writeTree(at('keys'), { [`${name}.secret`]: stdout });
  return openPgpSigner(at('keys', `${name}.secret`), {});
}

beforeAll(async () => {
  const generic = await fetchedKdir('debian:bookworm', 'x86_64');
  const cloud = `debian:bookworm/${generic.release.replace('-amd64', '-cloud-amd64')}`;
  const refs: [string, string][] = [
    ['debian:bookworm', 'x86_64'],
    [cloud, 'x86_64'],
    ['debian:bookworm', 'arm64'],
  ];
  for (const [ref, arch] of refs) {
    const { release, symversPath: symvers } = await fetchedKdir(ref, arch);
    kernels.push({ ref, release, arch, symvers });
  }
  const consumer = join(examples, 'consumer');
  const matrix = [
    ...['--kernel', 'debian:bookworm', '--kernel', cloud],
    ...['--arch', 'x86_64,arm64', '--out', at('dist')],
  ];
  const built = await build([consumer, ...matrix]);
  expect(built.exitCode).toBe(0);

  const signer = await newSigner('vendor', 'rsa2048');
  const other = await newSigner('other', 'ed25519');
  await withPackTools(epoch, async (tools) => {
    for (const version of ['1.0', '2.0']) {
      keep(version, await rpmFormat.pack(projects(version, asIs), tools));
    }
    const packages = await rpmFormat.pack(projects('1.0', asRhel), tools);
    const repository = { name: 'vendor', url: 'file:///exchange/repository/yum', signer };
    keep('repository', await rpmRepository(packages, repository, tools));
    keep('other', await signRpms(packages, other, epoch));
    keep('again', await rpmFormat.pack(projects('1.0', asIs), tools));
    const shuffled = [...(await rpmFormat.pack(projects('1.0', asRhel), tools))].reverse();
    keep('again', await rpmRepository(shuffled, repository, tools));
  });
  writeTree(at('specs'), {
    'kmod.spec': spec('kmod', ['Provides: /bin/sh']),
    ...Object.fromEntries(rhel.map((release, i) => [`rhel${i}.spec`, kernelSpec(release, true)])),
    'fedora.spec': kernelSpec(fedora, false),
  });
});

/** Makes the packages of the base system, below /specs. */
const makeBase = `
  for spec in /exchange/specs/*.spec; do
    rpmbuild -bb --define '_rpmdir /specs' --define '_rpmfilename %{NAME}.rpm' $spec >/tmp/log 2>&1 || cat /tmp/log
  done`;

/** Its plugins isolate scriptlets, which a container may not. */
const rpm = 'rpm --noplugins --force-debian';

const trust = 'rpmkeys --import /exchange/repository/yum/RPM-GPG-KEY-vendor';

describe('the rpms of modules', () => {
  it('are installed for two kernels, verified, upgraded and erased, and leave nothing', async () => {
    const [generic, cloud] = kernels.map(({ release }) => release);
    const lines = await run(`
      ${makeBase}
      ${rpm} -i /specs/kmod.rpm
      mkdir -p /lib/modules/${generic} /boot; touch /boot/initramfs-${generic}.img /lib/modules/${generic}/modules.order /lib/modules/${generic}/modules.builtin /lib/modules/${generic}/modules.builtin.modinfo
      mkdir -p /usr/lib/modprobe.d /usr/lib/modules-load.d # as kmod and systemd have them
      find / -xdev -path /proc -prune -o -path /var/lib/rpm -prune -o -path /usr/lib/modules -prune -o -print | sort >/tmp/before
      # RHEL's kmod has the one, dracut the other: here it counts how they are called.
      printf '#!/bin/sh\\necho "weak-modules $*: $(tr "\\n" " ")"\\n' >/usr/sbin/weak-modules
      printf '#!/bin/sh\\necho "dracut $*"\\n' >/usr/bin/dracut
      chmod +x /usr/sbin/weak-modules /usr/bin/dracut
      cd /exchange/1.0/rpm
      echo install
      ${rpm} -i *.x86_64.rpm *.noarch.rpm
      rpm -qa 'kmod-*' --qf '%{NAME} %{VERSION} %{ARCH}\\n' | sort
      rpm -qa 'kmod-*' | xargs -n1 rpm -V
      modinfo -k ${generic} -n consumer
      modprobe -S ${generic} --show-depends consumer
      cat /usr/lib/modules-load.d/exporter.conf
      echo upgrade
      ${rpm} -U /exchange/2.0/rpm/*.x86_64.rpm /exchange/2.0/rpm/*.noarch.rpm
      rpm -qa 'kmod-*' --qf '%{NAME} %{VERSION}\\n' | sort
      rpm -qa 'kmod-*' | xargs -n1 rpm -V
      modprobe -S ${generic} --show-depends consumer
      cat /lib/modprobe.d/exporter.conf
      echo erase
      ${rpm} -e $(rpm -qa 'kmod-*')
      rm /usr/sbin/weak-modules /usr/bin/dracut
      cut -d: -f1 /lib/modules/${generic}/modules.dep
      test ! -e /lib/modules/${cloud}
      test ! -e /lib/modules/${generic}/extra
      find / -xdev -path /proc -prune -o -path /var/lib/rpm -prune -o -path /usr/lib/modules -prune -o -print | sort | diff /tmp/before -
    `);
    const added = (name: string, kernel = '') => [
      ...(kernel === cloud ? [] : [`dracut -f --kver ${generic}`]),
      `weak-modules --add-modules: /lib/modules/${kernel}/extra/${name}.ko `,
    ];
    const steps = lines
      .join('\n')
      .split(/^(?:install|upgrade|erase)$/m)
      .map((step) => step.split('\n').filter(Boolean));
    const installed = (version: string, arch: (text: string) => string) => [
      ...['consumer', 'exporter'].flatMap((name) => [
        ...[generic, cloud].map((kernel) => arch(`kmod-${name}-${kernel} ${version} x86_64`)),
        arch(`kmod-${name}-common ${version} noarch`),
      ]),
    ];
    const calls = [
      ...[...added('exporter', generic), ...added('exporter', cloud)],
      ...[...added('consumer', cloud), ...added('consumer', generic)],
    ];
    const chain = (version: string) => [
      `insmod /lib/modules/${generic}/extra/exporter.ko size=${version} `,
      `insmod /lib/modules/${generic}/extra/consumer.ko `,
    ];
    expect(steps[1]).toEqual([
      ...calls,
      ...installed('1.0', (text) => text),
      `/lib/modules/${generic}/extra/consumer.ko`,
      ...chain('1.0'),
      'exporter',
    ]);
    expect(steps[2]).toEqual([
      ...calls,
      ...installed('2.0', (text) => text.replace(/ \w+$/, '')),
      ...chain('2.0'),
      'options exporter size=2.0',
    ]);
    expect(steps[3]?.sort()).toEqual(calls.map((call) => call.replace('--add', '--remove')).sort());
  });

  it('are for another architecture, where rpm installs them into a root', async () => {
    const [, , arm64] = kernels;
    const lines = await run(`
      cd /exchange/1.0/rpm
      set -- --root /r --ignorearch --nodeps --noscripts
      ${rpm} "$@" -i *.aarch64.rpm *.noarch.rpm
      rpm --root /r -qa --qf '%{NAME} %{ARCH}\n' | sort
      rpm --root /r -qa | xargs -n1 rpm --root /r -V --nodeps
      cd /r; find lib usr/lib -type f | grep -v rpm | sort; cd /
      rpm --root /r -qa | xargs ${rpm} --root /r --noscripts -e
      test ! -e /r/lib/modules/${arm64!.release}
    `);
    const { release } = arm64!;
    expect(lines).toEqual([
      `kmod-consumer-${release} aarch64`,
      'kmod-consumer-common noarch',
      `kmod-exporter-${release} aarch64`,
      'kmod-exporter-common noarch',
      `lib/modules/${release}/extra/consumer.ko`,
      `lib/modules/${release}/extra/exporter.ko`,
      'usr/lib/dracut/modules.d/90kmod-consumer/module-setup.sh',
      'usr/lib/dracut/modules.d/90kmod-exporter/module-setup.sh',
      'usr/lib/modprobe.d/exporter.conf',
      'usr/lib/modules-load.d/exporter.conf',
    ]);
  });

  it.each([0, 1, 2])('provide and need the symbols that kmod reads of kernel %i', async (i) => {
    const { release, arch } = kernels[i]!;
    const file = (name: string) =>
      `/exchange/1.0/rpm/kmod-${name}-${release}-1.0-1.${archByName(arch).rpm}.rpm`;
    const imported = kmodVersions(moduleFile('consumer', kernels[i]!));
    const { stdout: nm } = await execa('nm', [moduleFile('exporter', kernels[i]!)]);
    const exported = [...nm.matchAll(/ r __ksymtab_(\w+)$/gm)].map(([, name = '']) => name).sort();
    expect(exported).toEqual(['exporter_add', 'exporter_read', 'exporter_remove']);
    const ksyms = exported.map((name) => ksym('ksym', name, imported[name]));
    expect(await run(`rpm -qp --provides ${file('exporter')} | grep 'sym('`)).toEqual(ksyms);
    expect(await run(`rpm -qp --provides ${file('exporter')} | grep '^kmod(' `)).toEqual([
      'kmod(exporter.ko)',
    ]);
    const needed = await run(
      `rpm -qp --requires ${file('consumer')} | grep -v '^rpmlib\\|^/bin/sh\\|^kmod$'`,
    );
    expect(needed).toEqual(
      ['consumer-kmod-common >= 1.0-1', `kmod-exporter-${release}`, ...ksyms].sort(),
    );
  });

  it('need what the kernels of RHEL provide, symbol by symbol, or the very release', async () => {
    const packages = '/exchange/repository/yum/packages';
    const imported = kmodVersions(moduleFile('consumer', kernels[0]!));
    const own = Object.keys(kmodVersions(moduleFile('exporter', kernels[0]!)));
    const requires = (name: string, release: string) =>
      run(
        `${trust}; rpm -qp --requires ${packages}/kmod-${name}-${release}-1.0-1.x86_64.rpm | grep kernel`,
      );
    const fromKernel = Object.entries(imported).filter(([name]) => !name.startsWith('exporter_'));
    expect(await requires('consumer', rhel[0])).toEqual(
      fromKernel.map(([name, crc]) => ksym('kernel', name, crc)).sort(),
    );
    expect(await requires('exporter', rhel[1])).toHaveLength(own.length);
    expect(await requires('exporter', fedora)).toEqual([`kernel-uname-r = ${fedora}`]);
  });

  it('are the same bytes each time, and what is read back is what was built', async () => {
    const same = await run(
      'cd /exchange/1.0/rpm; ls; for f in *; do cmp $f /exchange/again/rpm/$f; done',
    );
    expect(same).toHaveLength(8);
    await run('diff -r /exchange/repository/yum /exchange/again/yum');
    const names = same.map((name) => `rpm/${name}`);
    const files = names.map((path) => ({ path, bytes: readFileSync(at('1.0', path)) }));
    const read = await withPackTools(epoch, (tools) => rpmFormat.unpack(files, tools));
    expect(read).toHaveLength(6);
    for (const { file, release, path, bytes } of read) {
      const kernel = kernels.find((one) => one.release === release)!;
      expect(file).toContain(`-${release}-1.0-1.${archByName(kernel.arch).rpm}.rpm`);
      const built = readFileSync(moduleFile(path.replace(/^extra\/(.*)\.ko$/, '$1'), kernel));
      expect(built.equals(bytes)).toBe(true);
    }
    const broken = Buffer.from(files[0]!.bytes);
    broken[broken.length - 20]! ^= 1;
    const damaged = [{ path: 'rpm/x.rpm', bytes: broken }];
    const error = await kbuildErrorOf(() =>
      withPackTools(epoch, (tools) => rpmFormat.unpack(damaged, tools)),
    );
    expect(error.code).toBe('PACKAGE_FAILED');
  });

  it('have nothing that rpmlint calls an error', async () => {
    const lines = await run(`${trust}; rpmlint /exchange/repository/yum/packages || true`);
    expect(lines.filter((line) => /: E: /.test(line))).toEqual([]);
    expect(lines.at(-1)).toContain('8 packages and 0 specfiles checked; 0 errors');
  });
});

describe('the repository of rpms', () => {
  const dnf = (key: string) =>
    `dnf -y --quiet --installroot /r --releasever 9 --setopt=reposdir=/repos --setopt=cachedir=/cache --setopt=tsflags=noscripts --setopt=skip_if_unavailable=False --setopt=pluginpath=/none --setopt=vendor.gpgkey=file://${key}`;
  const yum = '/exchange/repository/yum';
  const setUp = `
    ${makeBase}
    createrepo_c --quiet /specs
    mkdir -p /repos
    cp ${yum}/vendor.repo /repos
    printf '[base]\nname=base\nbaseurl=file:///specs\ngpgcheck=0\n' >/repos/base.repo
    kmods() { rpm --root /r -qa 'kmod-*' --qf '%{NAME}\n' | sort; }`;

  it('has packages whose signatures rpm verifies, and refuses when a byte is changed', async () => {
    const lines = await run(`
      cd ${yum}/packages
      rpmkeys --root /r --import ../RPM-GPG-KEY-vendor
      rpmkeys --root /r --define '_pkgverify_level all' --checksig *.rpm
      rpmkeys --root /r2 --import /exchange/keys/other.asc
      rpmkeys --root /r2 --define '_pkgverify_level all' --checksig /exchange/other/rpm/*.rpm
      set -- *common*.rpm
      # A byte of the summary.
      at=$(grep -abo 'How the kernel modules' $1 | head -1 | cut -d: -f1)
      cp $1 /tmp/changed.rpm
      printf W | dd of=/tmp/changed.rpm bs=1 seek=$at conv=notrunc status=none
      rpmkeys --root /r --checksig /tmp/changed.rpm || echo refused
    `);
    expect(lines.slice(0, 16).filter((line) => !line.endsWith(': digests signatures OK'))).toEqual(
      [],
    );
    expect(lines.slice(16)).toEqual(['/tmp/changed.rpm: DIGESTS SIGNATURES NOT OK', 'refused']);
  });

  it('gives dnf the modules of the kernel that is there, and those of the next one with it', async () => {
    const lines = await run(`
      ${setUp}
      ${dnf(`${yum}/RPM-GPG-KEY-vendor`)} install kernel-${rhel[0]} kmod-exporter >/tmp/log 2>&1 || cat /tmp/log
      kmods; echo update
      ${dnf(`${yum}/RPM-GPG-KEY-vendor`)} install kernel-${rhel[1]} >/tmp/log 2>&1 || cat /tmp/log
      kmods; echo needs
      ${dnf(`${yum}/RPM-GPG-KEY-vendor`)} install kmod-consumer-${rhel[1]} >/tmp/log 2>&1 || cat /tmp/log
      kmods; echo impossible
      ${dnf(`${yum}/RPM-GPG-KEY-vendor`)} --disablerepo base install kmod-exporter-${fedora} 2>&1 | grep -o 'nothing provides [^ ]* = [^ ]*'
    `);
    const [one, two] = rhel;
    expect(lines).toEqual([
      ...[`kmod-exporter-${one}`, 'kmod-exporter-common', 'update'],
      ...[`kmod-exporter-${one}`, `kmod-exporter-${two}`, 'kmod-exporter-common', 'needs'],
      ...[`kmod-consumer-${one}`, `kmod-consumer-${two}`, 'kmod-consumer-common'],
      ...[`kmod-exporter-${one}`, `kmod-exporter-${two}`, 'kmod-exporter-common', 'impossible'],
      `nothing provides kernel-uname-r = ${fedora}`,
    ]);
  });

  it('is refused by dnf when its index was changed, or when another key signed it', async () => {
    const lines = await run(`
      ${setUp}
      cp -r ${yum} /copy
      sed -i s,/exchange/repository/yum,/copy, /repos/vendor.repo
      try() { rm -rf /cache /r; ${dnf('$key')} --disablerepo base makecache >/tmp/log 2>&1 && echo taken || grep -o 'Bad GPG signature' /tmp/log; }
      key=/copy/RPM-GPG-KEY-vendor try
      key=/exchange/keys/other.asc try
      sed -i 's,<revision>1,<revision>2,' /copy/repodata/repomd.xml
      key=/copy/RPM-GPG-KEY-vendor try
      echo package
      cp ${yum}/repodata/repomd.xml /copy/repodata
      printf x >>/copy/packages/kmod-exporter-common-1.0-1.noarch.rpm
      rm -rf /cache /r
      ${dnf('/copy/RPM-GPG-KEY-vendor')} install kmod-exporter-common 2>&1 | grep -o 'has incorrect checksum'
      rpm --root /r -q kmod-exporter-common || true
    `);
    expect(lines).toEqual([
      ...['taken', 'Bad GPG signature', 'Bad GPG signature', 'package'],
      'has incorrect checksum',
      'package kmod-exporter-common is not installed',
    ]);
  });
});

/** As find-provides.ksyms and find-requires.ksyms write it. */
const ksym = (kind: string, name: string, crc: number | undefined) =>
  `${kind}(${name}) = 0x${crc!.toString(16).padStart(8, '0')}`;
