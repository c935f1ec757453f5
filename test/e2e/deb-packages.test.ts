import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import type { Kdir } from '../../src/kernel/kdir.js';
import { kernelPackages } from '../../src/kernel/kernel-packages.js';
import { debianPackage } from '../../src/release/dkms/debian-package.js';
import { debFormat } from '../../src/release/pack/deb/deb-format.js';
import type { PackTools, ReleaseFile } from '../../src/release/pack/format.js';
import { debImage } from '../../src/release/pack/pack-image.js';
import type { ReleaseProject } from '../../src/release/pack/release-project.js';
import { aptRepository } from '../../src/release/repository/apt-repository.js';
import { openPgpSigner } from '../../src/release/repository/openpgp-signer.js';
import { dkmsSources, type DkmsSources } from '../../src/workflow/dkms-sources.js';
import { build, examples } from '../support/cli.js';
import { cloudKernel, debContainer } from '../support/deb-container.js';
import { bootFilesOf, inSession } from '../support/debian-image.js';
import type { DkmsContainer } from '../support/dkms-container.js';
import { fetchedKdir } from '../support/kdir.js';
import { withPackTools } from '../support/pack-tools.js';
import { releaseProject } from '../support/release-projects.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

const suites = ['bookworm', 'trixie'] as const;
type Suite = (typeof suites)[number];
const epoch = 1_000_000_000;

/** What the containers see. */
const work = temporaryDirectory();
const at = (name: string) => join(work, name);

const built = {} as Record<'hello' | 'consumer', Manifest>;
const containers = {} as Record<Suite, DkmsContainer>;
const outcomes = {} as Record<Suite, Map<string, Outcome>>;
const packed: Record<string, ReleaseFile[]> = {};
let kdirs: Kdir[];
let again: ReleaseFile[];
let arm64: { release: string; modules: string };

interface Outcome {
  status: number;
  lines: string[];
}

/** What is tried in a container of each suite, one after the other; each cleans up after itself. */
const sections = {
  lintian: `
    # Its own rule: nobody but Debian closes bugs of Debian's with a changelog.
    lintian --allow-root --fail-on none --suppress-tags initial-upload-closes-no-bugs /exchange/v1/*.deb >/tmp/log
    grep ^E: /tmp/log || true`,
  install: `
    depmod $KERNEL
    update-initramfs -u -k $KERNEL >/tmp/log 2>&1
    cd /exchange/v1
    snapshot >/tmp/before
    dpkg -i hello-modules-common_1.0.0_all.deb hello-modules-\${KERNEL}_1.0.0_amd64.deb >/tmp/log 2>&1
    modinfo -k $KERNEL -F filename hello
    modprobe --show-depends -S $KERNEL hello
    dpkg -V hello-modules-$KERNEL hello-modules-common
    lsinitramfs /boot/initrd.img-$KERNEL | grep hello.ko
    dpkg-query -f '\${Package} \${Version}\\n' -W 'hello-modules*' | grep -c ' 1.0.0$'`,
  upgrade: `
    cd /exchange/v2
    dpkg -i hello-modules-common_2.0.0_all.deb hello-modules-\${KERNEL}_2.0.0_amd64.deb >/tmp/log 2>&1
    modinfo -k $KERNEL -F filename hello
    dpkg -V hello-modules-$KERNEL hello-modules-common
    lsinitramfs /boot/initrd.img-$KERNEL | grep hello.ko
    find /usr/lib/modules/$KERNEL/updates -name '*.ko' | wc -l`,
  purge: `
    dpkg -P hello-modules-$KERNEL hello-modules-common >/tmp/log 2>&1
    not modinfo -k $KERNEL hello 2>/dev/null
    not lsinitramfs /boot/initrd.img-$KERNEL | grep hello.ko
    snapshot >/tmp/after
    diff /tmp/before /tmp/after`,
  depends: `
    cd /exchange/v1
    # It needs the very build of the other whose symbols it uses.
    not dpkg -i consumer-modules-\${KERNEL}_1.0.0_amd64.deb >/tmp/log 2>&1
    grep -o 'exporter-modules-.* (= 1.0.0)' /tmp/log
    dpkg -i exporter-modules-\${KERNEL}_1.0.0_amd64.deb >/tmp/log 2>&1
    dpkg --configure -a >/tmp/log 2>&1
    modprobe --show-depends -S $KERNEL consumer
    dpkg -P consumer-modules-$KERNEL exporter-modules-$KERNEL >/tmp/log 2>&1`,
  arm64: `
    root=/tmp/arm64
    mkdir -p $root/usr/lib/modules && ln -s usr/lib $root/lib
    cp -r /exchange/arm64-modules $root/usr/lib/modules/$ARM64
    touch $root/usr/lib/modules/$ARM64/modules.builtin
    mkdir -p $root/var/lib/dpkg/updates $root/var/lib/dpkg/info && touch $root/var/lib/dpkg/status
    arm() { dpkg --root=$root --force-architecture --force-depends --force-script-chrootless "$@" >/tmp/log 2>&1; }
    arm -i /exchange/v1/hello-modules-common_1.0.0_all.deb /exchange/v1/hello-modules-\${ARM64}_1.0.0_arm64.deb
    modinfo -b $root -k $ARM64 -F vermagic hello
    modprobe -d $root --show-depends -S $ARM64 hello
    dpkg --root=$root -V
    arm -P hello-modules-$ARM64
    not modprobe -d $root --show-depends -S $ARM64 hello 2>/dev/null
    find $root/usr/lib/modules -path '*updates*' | wc -l`,
  apt: `
    rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
    cp -r /exchange/apt1/apt /tmp/repository
    mkdir -p /etc/apt/keyrings
    cp /tmp/repository/acme-archive-keyring.asc /etc/apt/keyrings
    sed 's#^URIs: .*#URIs: file:/tmp/repository#' /tmp/repository/acme.sources >/etc/apt/sources.list.d/acme.sources
    apt-get update >/tmp/log 2>&1
    not grep '^[WE]:' /tmp/log
    apt-get install -y --no-install-recommends $META >/tmp/log 2>&1
    installed
    # A later release, of the same day.
    rm -r /tmp/repository && cp -r /exchange/apt2/apt /tmp/repository
    apt-get update >/tmp/log 2>&1
    apt-get dist-upgrade -y >/tmp/log 2>&1
    installed
    modprobe --show-depends -S $KERNEL hello
    apt-get purge -y --auto-remove $META >/tmp/log 2>&1
    installed`,
  tampered: `
    directory=/tmp/repository/dists/stable
    refused() { apt-get update >/tmp/log 2>&1; grep -o "$1" /tmp/log | sort -u; rm -rf /tmp/repository; cp -r /exchange/apt2/apt /tmp/repository; }
    rm -rf /var/lib/apt/lists/*
    sed -i 's/^Version: 2/Version: 3/' $directory/main/binary-amd64/Packages
    gzip -9nkf $directory/main/binary-amd64/Packages
    trap - ERR; set +e
    refused 'File has unexpected size\\|Hash Sum mismatch'
    sed -i 's/^Suite: stable/Suite: stables/' $directory/InRelease
    refused 'BADSIG\\|is not signed'
    rm $directory/InRelease
    sed -i 's/^Suite: stable/Suite: stables/' $directory/Release
    refused 'BADSIG\\|is not signed'`,
};

/** Each section is a shell of its own, which ends where a command of it fails, and says which. */
const script = (environment: Record<string, string>): string =>
  [
    ...Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`),
    'not() { if "$@"; then return 1; fi; }',
    "installed() { dpkg-query -f '${db:Status-Abbrev} ${Package} ${Version}\\n' -W 'hello-modules*' 2>/dev/null | grep ^ii | sort; }",
    // Names, modes and links of all files; the contents of what depmod and the packages write.
    `snapshot() {
      find / -xdev -path /tmp -prune -o -path /var/log -prune -o -printf '%p %y %m %l\\n' | grep -v '^/var/lib/dpkg/.*-old ' | sort
      find /etc /usr/lib/modprobe.d /usr/share/initramfs-tools /usr/lib/modules/$KERNEL/modules.* -type f -exec md5sum {} + | sort
    }`,
    'failed() { echo "failed: $1"; tail -20 /tmp/log; } >&2',
    ...Object.entries(sections).map(
      ([name, body]) => `
        part() { ${body}
        }
        echo '<<< ${name}'
        (set -eE; trap 'failed "$BASH_COMMAND"' ERR; part) 2>/tmp/stderr
        status=$?
        [ $status = 0 ] || cat /tmp/stderr
        echo ">>> $status"`,
    ),
  ].join('\n');

async function runSections(suite: Suite) {
  const { kernel, run } = containers[suite];
  const mounts = [
    { source: work, target: '/exchange' },
    { source: arm64.modules, target: '/exchange/arm64-modules' },
  ];
  const meta = `hello-modules-cloud-amd64`;
  const { stdout } = await run(script({ KERNEL: kernel, META: meta, ARM64: arm64.release }), {
    mounts,
  });
  const found = stdout.matchAll(/^<<< (\w+)\n([^]*?)^>>> (\d+)$/gm);
  return new Map(
    [...found].map(([, name = '', text = '', status]): [string, Outcome] => [
      name,
      { status: Number(status), lines: text.split('\n').filter((line) => line !== '') },
    ]),
  );
}

/** A key of Debian's gpg, as a vendor exports it. */
function secretKey(): string {
  const home = temporaryDirectory();
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--passphrase', '', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  gpg('--quick-gen-key', 'Acme <archive@example.com>', 'ed25519', 'sign');
  const key = gpg('--armor', '--export-secret-keys');
  execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  return join(temporaryDirectory({ 'key.asc': key }), 'key.asc');
}

const write = (directory: string, files: readonly ReleaseFile[]) =>
  writeTree(at(directory), Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])));

async function projects(version: string, sources: DkmsSources[]): Promise<ReleaseProject[]> {
  return inSession(({ provider }) => {
    const packagesOf = (release: string) => {
      const kdir = kdirs.find((one) => one.release === release);
      return kdir === undefined ? undefined : kernelPackages(kdir, provider);
    };
    const about = { maintainer: 'Acme Drivers <drivers@acme.example>', license: 'GPL-2.0-only' };
    const common = { version, about, directory: version === '1.0.0' ? 'updates' : 'updates/acme' };
    const [hello] = sources;
    return Promise.resolve([
      releaseProject(built.hello, 'hello', packagesOf, {
        ...common,
        settings: {
          ...{ autoload: ['hello'], options: { hello: 'who=you' }, blacklist: ['old_hello'] },
          softdep: {},
        },
        initramfs: true,
        ...(hello !== undefined && { sources: hello }),
      }),
      releaseProject(built.consumer, 'exporter', packagesOf, common),
      releaseProject(built.consumer, 'consumer', packagesOf, { ...common, depends: ['exporter'] }),
    ]);
  });
}

async function pack(version: string, tools: PackTools): Promise<ReleaseFile[]> {
  const sources = await dkmsSources(join(examples, 'hello'), { version, excluded: [] });
  const debs = await debFormat.pack(await projects(version, sources), tools);
  const dkms = await tools.run(
    sources.map((one) => debianPackage(one, epoch)),
    debImage,
  );
  return [...debs, ...dkms.map(({ name, bytes }) => ({ path: `dkms/${name}`, bytes }))];
}

beforeAll(async () => {
  for (const suite of suites) containers[suite] = await debContainer(suite);
  kdirs = [
    await fetchedKdir(cloudKernel('bookworm'), 'arm64'),
    await fetchedKdir(cloudKernel('bookworm'), 'x86_64'),
    await fetchedKdir(cloudKernel('trixie'), 'x86_64'),
  ];
  const [arm, x86, trixie] = kdirs as [Kdir, Kdir, Kdir];
  arm64 = { release: arm.release, modules: (await bootFilesOf(arm)).modules! };
  const kernels = [
    `bookworm/${arm.release}`,
    `bookworm/${x86.release}`,
    `trixie/${trixie.release}`,
  ];
  for (const name of ['hello', 'consumer'] as const) {
    const { exitCode, document, stderr } = await build([
      ...[join(examples, name), '--out', temporaryDirectory()],
      ...kernels.flatMap((kernel) => ['--kernel', `debian:${kernel}`]),
      ...['--arch', 'arm64', '--arch', 'x86_64'],
    ]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    built[name] = document;
  }
  const key = secretKey();
  await withPackTools(epoch, async (tools) => {
    const signer = await openPgpSigner(key, {});
    for (const [i, version] of [
      [1, '1.0.0'],
      [2, '2.0.0'],
    ] as const) {
      const files = await pack(version, tools);
      packed[version] = files;
      write(
        `v${i}`,
        files.map(({ path, bytes }) => ({ path: path.replace(/.*\//, ''), bytes })),
      );
      const repository = await aptRepository(files, { name: 'acme', signer }, tools);
      write(`apt${i}`, repository);
      if (i === 2)
        again = await aptRepository(await pack(version, tools), { name: 'acme', signer }, tools);
      packed[`apt${i}`] = repository;
    }
  });
  writeTree(work, { 'arm64-modules/.keep': '' });
  for (const suite of suites) outcomes[suite] = await runSections(suite);
});

describe.each(suites)('on %s, the deb of a kernel’s modules', (suite) => {
  const outcome = (section: keyof typeof sections) => outcomes[suite].get(section);
  const succeeds = (...lines: string[]) => ({ status: 0, lines });
  const modules = () => `/lib/modules/${containers[suite].kernel}`;

  it('has no error that lintian knows', () => {
    expect(outcome('lintian')).toEqual(succeeds());
  });

  it('is installed: depmod, modinfo, modprobe and the initramfs know the module', () => {
    expect(outcome('install')).toEqual(
      succeeds(
        `${modules()}/updates/hello.ko`,
        `insmod ${modules()}/updates/hello.ko who=you`,
        `usr${modules()}/updates/hello.ko`,
        '2',
      ),
    );
  });

  it('is upgraded to a version that has the module elsewhere', () => {
    expect(outcome('upgrade')).toEqual(
      succeeds(`${modules()}/updates/acme/hello.ko`, `usr${modules()}/updates/acme/hello.ko`, '1'),
    );
  });

  it('is purged, and nothing is left', () => {
    expect(outcome('purge')).toEqual(succeeds());
  });

  it('needs the package of the modules whose symbols its own use', () => {
    expect(outcome('depends')).toEqual(
      succeeds(
        `exporter-modules-${containers[suite].kernel} (= 1.0.0)`,
        `insmod ${modules()}/updates/exporter.ko `,
        `insmod ${modules()}/updates/consumer.ko `,
      ),
    );
  });

  it('for arm64 is installed below another root, and removed', () => {
    expect(outcome('arm64')).toEqual(
      succeeds(
        `${arm64.release} SMP mod_unload modversions aarch64`,
        `insmod /tmp/arm64/lib/modules/${arm64.release}/updates/hello.ko who=you`,
        '0',
      ),
    );
  });

  it('comes from a signed repository by the meta package, and follows it', () => {
    const { kernel } = containers[suite];
    const installed = (version: string) =>
      [kernel, 'cloud-amd64', 'common']
        .map((name) => `ii  hello-modules-${name} ${version}`)
        .sort();
    expect(outcome('apt')).toEqual(
      succeeds(
        ...installed('1.0.0'),
        ...installed('2.0.0'),
        `insmod ${modules()}/updates/acme/hello.ko who=you`,
      ),
    );
  });

  it('is refused from a repository of which something was changed', () => {
    expect(outcome('tampered')?.lines).toHaveLength(3);
  });
});

describe('debFormat', () => {
  it('gives the same bytes each time, signatures included', () => {
    expect(again.map(({ path }) => path)).toEqual(packed.apt2?.map(({ path }) => path));
    for (const [i, { path, bytes }] of again.entries()) {
      expect({ path, same: Buffer.compare(bytes, packed.apt2![i]!.bytes) }).toEqual({
        path,
        same: 0,
      });
    }
  });

  it('reads the modules back out of its packages', async () => {
    const files = packed['1.0.0']!;
    const found = await withPackTools(epoch, (tools) => debFormat.unpack(files, tools));
    const wanted = (await projects('1.0.0', [])).flatMap(({ kernels }) =>
      kernels.flatMap(({ release, modules }) =>
        modules.map(({ path, bytes }) => ({ release, path, bytes })),
      ),
    );
    const order = (modules: { release: string; path: string; bytes: Uint8Array }[]) =>
      modules
        .map(
          ({ release, path, bytes }) => `${release} ${path} ${Buffer.from(bytes).toString('hex')}`,
        )
        .sort();
    expect(wanted).toHaveLength(9);
    expect(order(found)).toEqual(order(wanted));
  });
});
