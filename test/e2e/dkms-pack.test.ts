import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PackedFile } from '../../src/workflow/pack-dkms.js';
import { build, examples, kbuild, kbuildJson } from '../support/cli.js';
import { dkmsContainer, type DkmsContainer } from '../support/dkms-container.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** In the order in which they can be built: consumer needs exporter. */
const names = ['hello', 'chardev', 'params', 'exporter', 'consumer'];
const suites = ['bookworm', 'trixie'] as const;
type Suite = (typeof suites)[number];

/** What the containers see: `trees`, `packages`, … */
const work = temporaryDirectory();
const at = (name: string) => join(work, name);

async function succeed(args: string[]): Promise<void> {
  const { exitCode, stderr } = await kbuild(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
}

async function pack(directory: string, ...args: string[]): Promise<PackedFile[]> {
  const { document, stderr } = await kbuildJson<{ packages?: PackedFile[] }>(
    ['dkms', 'pack', directory, ...args],
    { env: { SOURCE_DATE_EPOCH: '1000000000' } },
  );
  if (document.packages === undefined) throw new Error(stderr);
  return document.packages;
}

const feature = {
  'kbuild.config.yaml': `name: feat
version: 1.0~rc1
modules: [{ name: feat }]
archs: [x86_64]
make: { KCFLAGS: '-DFEAT_ONE -DFEAT_TWO=2' }
dkms:
  package:
    patches: [all.patch, { file: never.patch, match: '^2[.]6[.]' }, { file: six.patch, match: '^6\\.[0-9]+\\.' }]
    buildExclusive: { config: [CONFIG_MODULES, '!CONFIG_NO_SUCH'] }
`,
  Kbuild: 'obj-$(CONFIG_MODULES) := src/\n',
  'src/Kbuild': 'obj-m := feat.o\n',
  'src/feat.c': `${moduleSource('#if !defined(FEAT_ONE) || FEAT_TWO != 2\n#error no variables\n#endif')}
for all
for six
`,
  'all.patch': '--- a/src/feat.c\n+++ b/src/feat.c\n@@ -9,3 +9,2 @@\n \n-for all\n for six\n',
  'six.patch': '--- a/src/feat.c\n+++ b/src/feat.c\n@@ -9,2 +9,1 @@\n \n-for six\n',
  'never.patch': 'no patch at all\n',
};

/** Texts that rpmbuild would run as programs, for whoever installs the package or makes it. */
const hostileLines = [
  '%{lua:print("made")} %(echo made) %%{name}',
  '%pre',
  'touch /made',
  '%%post -p /bin/true',
  '  %include /etc/shadow',
  '%if 0',
  'shown, 100 % of it \\',
  '%endif',
];
const hostile = {
  'kbuild.config.yaml': `name: hostile
version: '1'
license: 'GPL %{lua:print("made")} %%(echo made)'
modules: [{ name: hostile, sources: [hostile.c] }]
dkms:
  package:
    maintainer: 'A %(echo made) <a@example.com>'
    description: ${JSON.stringify(['%{name} %%pre', ...hostileLines].join('\n'))}
`,
  'hostile.c': moduleSource(),
};

/** What is tried in a container of each suite, one after the other; each cleans up after itself. */
const sections = {
  trees: `
    for name in ${names.join(' ')}; do
      dkms add /exchange/trees/$name-1.0.0 >/tmp/log 2>&1
      dkms build $name/1.0.0 -k $KERNEL >/tmp/log 2>&1
      not grep -i deprecat /tmp/log
      dkms install $name/1.0.0 -k $KERNEL >/tmp/log 2>&1
      dkms status $name
      installed $name
    done
    for name in ${names.join(' ')}; do dkms remove $name/1.0.0 --all >/tmp/log 2>&1; done
    dkms status; test ! -e /lib/modules/$KERNEL/updates; rm -r /usr/src/*-1.0.0`,
  make: `
    cp -r /exchange/trees /tmp/plain
    for name in ${names.join(' ')}; do
      plain="make -j2 -C /tmp/plain/$name-1.0.0 KDIR=/lib/modules/$KERNEL/build"
      $plain >/tmp/log 2>&1
      find /tmp/plain/$name-1.0.0 -name $name.ko | grep -q .
      $plain clean >/tmp/log 2>&1
      test -z "$(find /tmp/plain/$name-1.0.0 -name '*.ko')"
    done`,
  deb: `
    cd /exchange/packages
    dpkg -i exporter-dkms_1.0.0_all.deb consumer-dkms_1.0.0_all.deb >/tmp/log 2>&1
    installed exporter; installed consumer
    dpkg --verify consumer-dkms
    dpkg -i exporter-dkms_1.0.0_all.deb >/tmp/log 2>&1
    installed exporter
    dpkg -i exporter-dkms_1.1.0_all.deb >/tmp/log 2>&1
    dkms status; ls -d /usr/src/exporter-*
    dpkg -r consumer-dkms >/tmp/log 2>&1
    not installed consumer
    dpkg -P consumer-dkms exporter-dkms >/tmp/log 2>&1
    dkms status; test ! -e /lib/modules/$KERNEL/updates; not compgen -G '/usr/src/*-1.?.0'`,
  rpm: `
    cd /exchange/packages
    # Its plugins isolate scriptlets, which a container may not.
    quietly() { rpm --noplugins --nodeps "$@" >/tmp/log 2>&1; }
    quietly -i exporter-dkms-1.0.0-1.noarch.rpm consumer-dkms-1.0.0-1.noarch.rpm
    installed exporter; installed consumer
    quietly -U --force exporter-dkms-1.0.0-1.noarch.rpm
    installed exporter
    quietly -U exporter-dkms-1.1.0-1.noarch.rpm
    dkms status; ls -d /usr/src/exporter-*
    quietly -e consumer-dkms exporter-dkms
    dkms status; test ! -e /lib/modules/$KERNEL/updates; not compgen -G '/usr/src/*-1.?.0'`,
  feature: `
    dkms add /exchange/feat >/tmp/log 2>&1
    dkms install feat/1.0~rc1 -k $KERNEL >/tmp/log 2>&1
    installed feat
    dkms remove feat/1.0~rc1 --all >/tmp/log 2>&1`,
  tarballs: `
    for name in ${names.join(' ')}; do
      dkms ldtarball /exchange/packages/$name-1.0.0-source-only.dkms.tar.gz >/tmp/log 2>&1
      diff -r --exclude=.kbuild-ts-tree /exchange/trees/$name-1.0.0 /usr/src/$name-1.0.0
    done
    dkms status
    dkms install chardev/1.0.0 -k $KERNEL >/tmp/log 2>&1
    installed chardev
    for name in ${names.join(' ')}; do dkms remove $name/1.0.0 --all >/tmp/log 2>&1; done
    rm -r /usr/src/*-1.0.0`,
  // The last one: without a compiler.
  binary: `
    rm -f /usr/bin/*gcc* /usr/bin/cc /usr/bin/make
    for directory in /exchange/binary /exchange/binary-only; do
      # dkms itself exits with 1 when it has loaded such a tarball without sources.
      dkms ldtarball $directory/consumer-1.0.0-kernel$KERNEL-x86_64.dkms.tar.gz >/tmp/log 2>&1 ||
        [ $? = 1 -a $directory = /exchange/binary-only ]
      dkms install consumer/1.0.0 -k $KERNEL >/tmp/log 2>&1
      cmp /lib/modules/$KERNEL/updates/dkms/consumer.ko /exchange/dist/$KERNEL/x86_64/consumer.ko
      rm -rf /usr/src/consumer-1.0.0 /var/lib/dkms/consumer /lib/modules/$KERNEL/updates
    done`,
};

/** What the tools of one suite say of the packages. */
const metadata = {
  again: 'for file in /exchange/again/*; do cmp $file /exchange/packages/${file##*/}; done',
  fields: `
    cd /exchange/packages
    dpkg-deb -f consumer-dkms_1.0.0_all.deb Package Version Architecture Depends
    dpkg-deb -c consumer-dkms_1.0.0_all.deb | awk '{print $2, $4}' | sort -u
    rpm=consumer-dkms-1.0.0-1.noarch.rpm
    rpm -qp --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH} %{LICENSE} %{BUILDHOST}\\n' $rpm
    rpm -qp --requires $rpm | sort -u | grep dkms
    rpm -qp --qf '[%{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEMTIMES}\\n]' $rpm | sort -u
    rpm -K --nosignature $rpm`,
  hostile: `
    cd /exchange/hostile
    rpm -qp --scripts hostile-dkms-1-1.noarch.rpm | grep scriptlet
    rpm -qp --qf '%{LICENSE}\\n%{PACKAGER}\\n%{SUMMARY}\\n%{DESCRIPTION}\\n' hostile-dkms-1-1.noarch.rpm`,
};

/** Each section is a shell of its own, which ends where a command of it fails, and says which. */
const script = (parts: Record<string, string>): string =>
  [
    'not() { if "$@"; then return 1; fi; } # of a command after ! bash takes no notice',
    'installed() { find "/lib/modules/$KERNEL/updates/dkms" -name "$1.ko*" | grep -q .; }',
    // trixie's headers bring the kernel: depmod would read its thousands of modules each time.
    'rm -rf "/lib/modules/$KERNEL/kernel"',
    'failed() { echo "failed: $1"; cat /tmp/log /var/lib/dkms/*/*/build/make.log; } >&2',
    ...Object.entries(parts).map(
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

interface Outcome {
  status: number;
  lines: string[];
}

async function runSections(container: DkmsContainer, parts: Record<string, string>) {
  const mounts = [{ source: work, target: '/exchange' }];
  const { stdout } = await container.run(script(parts), { mounts });
  const found = stdout.matchAll(/^<<< (\w+)\n([^]*?)^>>> (\d+)$/gm);
  return new Map(
    [...found].map(([, name = '', text = '', status]): [string, Outcome] => [
      name,
      { status: Number(status), lines: text.split('\n').filter((line) => line !== '') },
    ]),
  );
}

const containers = {} as Record<Suite, DkmsContainer>;
const outcomes = {} as Record<Suite, Map<string, Outcome>>;

beforeAll(async () => {
  const version = ['--package-version', '1.0.0']; // hello has no configuration that would say it
  const newer = ['--package-version', '1.1.0', '--format', 'deb,rpm'];
  await succeed(['generate', 'dkms', examples, '--out', at('trees'), ...version]);
  await succeed(['generate', 'dkms', temporaryDirectory(feature), '--out', at('feat')]);
  await pack(examples, '--out', at('packages'), ...version);
  await pack(join(examples, 'exporter'), '--out', at('packages'), ...newer);
  await pack(join(examples, 'chardev'), '--out', at('again'));
  await pack(temporaryDirectory(hostile), '--out', at('hostile'), '--format', 'rpm');

  for (const suite of suites) containers[suite] = await dkmsContainer(suite);
  const kernels = suites.map((suite) => `debian:${suite}/${containers[suite].kernel}`);
  const consumer = join(examples, 'consumer');
  const built = await build([
    ...[consumer, ...kernels.flatMap((kernel) => ['--kernel', kernel])],
    ...['--arch', 'x86_64', '--out', at('dist')],
  ]);
  expect(built.exitCode).toBe(0);
  const binary = ['--format', 'binary-tarball', '--from', at('dist')];
  await pack(consumer, ...binary, '--out', at('binary'));
  await pack(consumer, ...binary, '--binaries-only', '--out', at('binary-only'));

  await Promise.all(
    suites.map(async (suite) => {
      const more = suite === 'bookworm' ? metadata : {};
      outcomes[suite] = await runSections(containers[suite], { ...more, ...sections });
    }),
  );
});

describe.each(suites)("%s's dkms", (suite) => {
  const outcome = (section: keyof typeof sections) => outcomes[suite].get(section);
  const status = (module: string) => `${module}, ${containers[suite].kernel}, x86_64: installed`;
  const succeeds = (...lines: string[]) => ({ status: 0, lines });

  it('adds, builds, installs, lists and removes the tree of each example', () => {
    expect(outcome('trees')).toEqual(succeeds(...names.map((name) => status(`${name}/1.0.0`))));
  });

  it('builds the trees by a plain make', () => {
    expect(outcome('make')).toEqual(succeeds());
  });

  it('is given the sources by the .deb, which dpkg installs, reinstalls, upgrades and purges', () => {
    const left = [status('consumer/1.0.0'), status('exporter/1.1.0')];
    expect(outcome('deb')).toEqual(succeeds(...left, '/usr/src/exporter-1.1.0'));
  });

  it('is given the sources by the rpm, which rpm installs, reinstalls, upgrades and erases', () => {
    const left = [status('consumer/1.0.0'), status('exporter/1.1.0')];
    expect(outcome('rpm')).toEqual(succeeds(...left, '/usr/src/exporter-1.1.0'));
  });

  it('heeds patches, variables of make, directories and limits, as the configuration has them', () => {
    expect(outcome('feature')).toEqual(succeeds());
  });

  it('loads the tarball of each example, which is its tree, and installs what it builds of it', () => {
    const added = [...names].sort().map((name) => `${name}/1.0.0: added`);
    expect(outcome('tarballs')).toEqual(succeeds(...added));
  });

  it('installs the modules of a binary tarball without a compiler', () => {
    expect(outcome('binary')).toEqual(succeeds());
  });
});

describe('dkms pack', () => {
  const outcome = (section: keyof typeof metadata) => outcomes.bookworm.get(section);

  it('gives the same bytes each time', () => {
    const first = readdirSync(at('packages')).filter((name) => name.startsWith('chardev-'));
    expect(readdirSync(at('again')).sort()).toEqual(first.sort());
    expect(first).toHaveLength(3);
    expect(outcome('again')).toEqual({ status: 0, lines: [] });
  });

  it('writes what dpkg-deb and rpm read', () => {
    expect(outcome('fields')).toEqual({
      status: 0,
      lines: [
        'Package: consumer-dkms',
        'Version: 1.0.0',
        'Architecture: all',
        'Depends: dkms (>= 2.1.0.0), exporter-dkms',
        'root/root 2001-09-09',
        'consumer-dkms 1.0.0-1 noarch GPL kbuild-ts',
        'dkms',
        'exporter-dkms',
        'root:root 1000000000',
        'consumer-dkms-1.0.0-1.noarch.rpm: digests OK',
      ],
    });
  });

  it('has rpmbuild read no text of a configuration as a program', () => {
    expect(outcome('hostile')).toEqual({
      status: 0,
      lines: [
        'preuninstall scriptlet (using /bin/sh):',
        'posttrans scriptlet (using /bin/sh):',
        'GPL %{lua:print("made")} %%(echo made)',
        'A %(echo made) <a@example.com>',
        '%{name} %%pre',
        ...hostileLines.map((line) => line.replace(/^\s*%/, '- %')),
        'The sources of the kernel modules of hostile, which DKMS builds for',
        'every kernel that is installed.',
      ],
    });
  });

  it.each([
    [['--package-version', '1.0-rc1'], 'DKMS_PACK_VERSION', '1.0~rc1'],
    [[], 'DKMS_PACK_VERSION', '--package-version'],
    [['--format', 'zip'], 'USAGE', 'binary-tarball'],
    [['--from', '/tmp'], 'USAGE', 'Add --format binary-tarball'],
  ])('refuses %j, and writes nothing', async (args, code, hint) => {
    const out = join(temporaryDirectory(), 'out');
    const example = join(examples, 'hello');
    const { exitCode, stderr } = await kbuild(['dkms', 'pack', example, '--out', out, ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(code);
    expect(stderr).toContain(hint);
    expect(readdirSync(join(out, '..'))).toEqual([]);
  });
});
