import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSymvers, type Symvers } from '../../src/kernel/symvers.js';
import { dependencyGraph } from '../../src/module/depmod/dependency-graph.js';
import { parseModprobeConfig } from '../../src/module/modprobe/modprobe-config.js';
import { modprobeTree, type ModprobeTree } from '../../src/module/modprobe/modprobe-tree.js';
import { planModprobe, type ModprobePlan } from '../../src/module/modprobe/plan-modprobe.js';
import { supplyModules } from '../../src/vm/module-supply.js';
import { planLoads, testedInOrder } from '../../src/vm/plan-loads.js';
import { readModuleTree } from '../../src/workflow/module-tree.js';
import { debianImage, type DebianImage } from '../support/debian-image.js';
import { asDepmodModules, release, runDepmod, type MadeUpModule } from '../support/depmod-tree.js';
import { fetchedKdir } from '../support/kdir.js';
import { eachOnce, modprobe, modprobeEach, shown, type ModprobeRoot } from '../support/modprobe.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

const filesOf = (config: Record<string, string>) =>
  Object.entries(config).map(([path, text]) => ({ path, text }));

const withoutBuiltin = (lines: readonly string[]) =>
  lines.filter((line) => !line.startsWith('builtin '));

describe('a plan for modules of Debian’s kernel', () => {
  let where: ModprobeRoot;
  let tree: ModprobeTree;
  let image: DebianImage;
  let symvers: Symvers;

  beforeAll(async () => {
    image = await debianImage('bookworm', 'x86_64');
    const kdir = await fetchedKdir(image.ref, 'x86_64');
    symvers = parseSymvers(readFileSync(kdir.symversPath, 'utf8'));
    const files = readdirSync(image.modules);
    // The files stay where they are: depmod follows links.
    const root = temporaryDirectory(
      Object.fromEntries(
        files.map((file) => [
          join('lib/modules', image.release, file),
          { link: join(image.modules, file) },
        ]),
      ),
    );
    execFileSync('depmod', ['-b', root, image.release]);
    where = { root, release: image.release };
    const { graph, builtin } = await readModuleTree([image.modules]);
    tree = modprobeTree(graph, builtin);
  });

  it('has for every module what kmod has, in its order', () => {
    const names = tree.graph.modules.map(({ name }) => name);
    const theirs = modprobeEach(where, names).map((lines) => withoutBuiltin(eachOnce(lines)));
    const config = parseModprobeConfig([]);
    const ours = names.map((name) => shown(planModprobe(name, { tree, config })));
    expect(ours).toEqual(theirs);
    expect(ours.filter((lines) => lines.length > 1).length).toBeGreaterThan(1000);
  });

  it('has for aliases of devices, protocols and algorithms what kmod has', () => {
    const names = [
      'pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00',
      'usb:v0781p5567d0126dc00dsc00dp00ic08isc06ip50in00',
      'crypto-crc32c',
      'crypto-sha256',
      'fs-xfs',
      'net-pf-2-proto-132',
      'symbol:usb_stor_probe1',
      'cpu:type:x86,ven0000fam0006mod0055:feature:,0099,0081',
      'ext2',
    ];
    const theirs = modprobeEach(where, names).map((lines) => withoutBuiltin(eachOnce(lines)));
    const config = parseModprobeConfig([]);
    expect(names.map((name) => shown(planModprobe(name, { tree, config })))).toEqual(theirs);
    expect(theirs.filter((lines) => lines.length > 0).length).toBeGreaterThan(6);
  });

  const fileOf = (name: string) => {
    const { path } = tree.graph.modules[tree.byName.get(name)!]!;
    return join(image.modules, path);
  };

  /** Its symbols are found without reading the whole tree, of which kmod's plan is made. */
  it.each(['nf_conntrack', 'btrfs', 'cifs', 'ocfs2', 'e1000e', 'snd_hda_intel', 'veth'])(
    'is supplied with what %s needs',
    async (name) => {
      const file = fileOf(name);
      const supply = await supplyModules({ tested: [file], directory: image.modules, symvers });
      const { loads, problems } = planLoads(testedInOrder(supply), supply);
      expect(problems).toEqual([]);
      const names = loads.map(({ module }) => module.name);
      const theirs = eachOnce(modprobe(where, [name]).lines).filter((l) => l.startsWith('insmod '));
      const nameIn = (line: string) => /([^/]+)\.ko$/.exec(line)![1]!.replaceAll('-', '_');
      expect([...names].sort()).toEqual(theirs.map(nameIn).sort());
      expect(supply.modules.size).toBeLessThan(60);
      for (const [at, { module }] of loads.entries()) {
        expect(module.role).toBe(module.name === name ? 'tested' : 'needed');
        const { stdout } = await execa('modinfo', ['-F', 'depends', module.file]);
        const needed = stdout.split(',').filter((one) => one !== '');
        expect(names.slice(0, at)).toEqual(
          expect.arrayContaining(needed.map((one) => one.replaceAll('-', '_'))),
        );
      }
    },
  );

  it('tells which symbol of which module the image of a kernel does not have', async () => {
    const without = temporaryDirectory({ 'modules.order': 'kernel/lib/crc16.ko\n' });
    writeTree(without, { 'kernel/lib/crc16.ko': readFileSync(fileOf('crc16')) });
    const request = { tested: [fileOf('bluetooth')], directory: without, symvers };
    const { loads, problems } = planLoads(['bluetooth'], await supplyModules(request));
    expect(loads.map(({ module }) => module.name)).toEqual(['crc16', 'bluetooth']);
    expect(problems.length).toBeGreaterThan(5);
    expect(problems).toContainEqual({
      ...{ reason: 'missing', symbol: 'rfkill_alloc' },
      ...{ neededBy: 'bluetooth', module: 'rfkill' },
    });
  });

  it('supplies what the configuration names', async () => {
    const config = parseModprobeConfig(
      filesOf({
        'a.conf':
          'softdep veth pre: scratch post: dummy\nalias scratch zram\noptions zram num_devices=2\n' +
          'install dummy /bin/true',
      }),
    );
    const request = { tested: [fileOf('veth')], directory: image.modules, symvers, config };
    const { loads, problems } = planLoads(['veth'], await supplyModules(request));
    expect(loads.map(({ module, ...load }) => ({ name: module.name, ...load }))).toEqual([
      { name: 'zsmalloc', parameters: [], required: false },
      { name: 'zram', parameters: ['num_devices=2'], required: false },
      { name: 'veth', parameters: [], required: true },
    ]);
    expect(problems).toEqual([
      { reason: 'install', module: 'dummy', command: '/bin/true', required: false },
    ]);
  });
});

const madeUp: MadeUpModule[] = [
  { path: 'kernel/base.ko', exports: { base: 1 }, modinfo: ['alias=fs-base', 'alias=pci:v1d*'] },
  { path: 'kernel/mid-dle.ko', exports: { middle: 2 }, imports: { base: 1 } },
  { path: 'kernel/top.ko', imports: { middle: 2, base: 1 }, modinfo: ['alias=pci:v1d2'] },
  {
    path: 'kernel/soft.ko',
    modinfo: ['softdep=pre: helper nothing post: late', 'softdep=pre: top'],
  },
  { path: 'kernel/helper.ko', imports: { base: 1 }, modinfo: ['softdep=pre: soft'] },
  { path: 'kernel/late.ko' },
  { path: 'kernel/uses_soft.ko', imports: { base: 1, middle: 2 }, modinfo: ['softdep=post: soft'] },
];

interface Case {
  what: string;
  config?: Record<string, string>;
  name: string;
  parameters?: string[];
  useBlacklist?: true;
  ignoreInstall?: true;
  /** Of a plan that loads nothing. */
  refused?: ModprobePlan & { outcome: 'refused' };
}

const refusal = (...refusals: (ModprobePlan & { outcome: 'refused' })['refusals'][number][]) =>
  ({ outcome: 'refused', refusals }) as const;

const a = (text: string) => ({ 'a.conf': text });

const cases: Case[] = [
  { what: 'dependencies, the deepest first', name: 'top' },
  { what: 'a name with a dash', name: 'mid-dle' },
  { what: 'nothing', name: 'nosuch', refused: refusal({ reason: 'not-found', name: 'nosuch' }) },
  {
    what: 'options of dependencies, too, and what the command line adds',
    name: 'top',
    parameters: ['x=1', 'y=two words', 'flag'],
    config: a('options base a=1 b="c d"\noptions top\tq=1\noptions mid-dle m\noptions  base  e=2'),
  },
  {
    what: 'lines that go on, comments, and lines that mean nothing',
    name: 'top',
    config: a(
      '# options top c=1\noptions top \\\n a=1 \\\nb=2\n\n  options base z=1\n' +
        'options top\nbogus top\n #x\nalias x\nsoftdep top \ninclude y\noptions base q=\\"w\\"',
    ),
  },
  { what: 'soft dependencies of its own, of which the first line counts', name: 'soft' },
  { what: 'soft dependencies that go around', name: 'helper' },
  { what: 'soft dependencies of another one', name: 'uses-soft' },
  {
    what: 'soft dependencies of the configuration, before the module’s own',
    name: 'soft',
    config: a('softdep soft post: top pre: late'),
  },
  {
    what: 'soft dependencies of a file that comes too late',
    name: 'soft',
    config: { 'z.conf': 'softdep soft post: top pre: late' },
  },
  {
    what: 'soft dependencies of a dependency, by pattern and by alias',
    name: 'top',
    config: a('softdep mid* pre: fs-base pre: friend post: helper\nalias friend late'),
  },
  {
    what: 'the files in the order of their names',
    name: 'late',
    config: {
      'c.conf': 'options late c=1',
      'B.conf': 'options late B=1',
      'a.conf': 'options late a=1',
    },
  },
  {
    what: 'an alias with options of its own',
    name: 'friend',
    config: a('alias friend top\noptions friend f=1\noptions top t=1\noptions base b=1'),
  },
  {
    what: 'an alias by pattern, for several modules',
    name: 'my-friend',
    config: a('alias my* top\nalias my_f?iend late\nalias [my]y-friend nosuch\noptions my* f=1'),
  },
  {
    what: 'an alias instead of a module of the same name',
    name: 'top',
    config: a('alias top late'),
  },
  {
    what: 'no alias of an alias',
    name: 'one',
    config: a('alias one two\nalias two top'),
    refused: refusal({ reason: 'not-found', name: 'one', module: 'two' }),
  },
  { what: 'aliases of modules, each that matches', name: 'pci:v1d2' },
  { what: 'an alias of a module by pattern', name: 'pci:v1d7', parameters: ['p=1'] },
  {
    what: 'a module on the blacklist that is asked for by its name',
    name: 'top',
    config: a('blacklist top\nblacklist base'),
  },
  {
    what: 'a module on the blacklist, with -b',
    name: 'top',
    useBlacklist: true,
    config: a('blacklist top'),
    refused: refusal({ reason: 'blacklisted', name: 'top', module: 'top' }),
  },
  {
    what: 'a dependency and a soft dependency on the blacklist, with -b',
    name: 'top',
    useBlacklist: true,
    config: a('blacklist mid-dle\nsoftdep top pre: late\nblacklist late'),
  },
  {
    what: 'aliases of a module on the blacklist, not of another one',
    name: 'pci:v1d2',
    config: a('blacklist base'),
  },
  {
    what: 'an alias of the configuration for a module on the blacklist',
    name: 'friend',
    config: a('alias friend top\nblacklist top'),
    refused: refusal({ reason: 'blacklisted', name: 'friend', module: 'top' }),
  },
  {
    what: 'an install command, with the options',
    name: 'top',
    parameters: ['x=1'],
    config: a('install top /bin/true $CMDLINE_OPTS\ninstall t* /bin/false\noptions top o=1'),
  },
  {
    what: 'an install command that does not count',
    name: 'top',
    ignoreInstall: true,
    config: a('install top /bin/true\nsoftdep top pre: late\ninstall mid?dle /bin/mid'),
  },
  {
    what: 'an install command without a module',
    name: 'magic',
    config: a('install magic /bin/magic'),
  },
  {
    what: 'soft dependencies before an install command',
    name: 'top',
    config: a('install top /bin/true\nsoftdep top pre: late\ninstall base echo base'),
  },
  {
    what: 'soft dependencies that are not there, before an install command',
    name: 'top',
    config: a('install top /bin/true\nsoftdep top pre: nosuch'),
  },
  { what: 'a symbol', name: 'symbol:middle' },
  {
    what: 'weak dependencies, which modprobe does not load',
    name: 'top',
    config: a('weakdep top late'),
  },
];

describe('a plan', () => {
  const { root } = runDepmod(madeUp);
  const tree = modprobeTree(dependencyGraph({ modules: asDepmodModules(madeUp) }));

  it.each(cases)('has what kmod has for $what', (one) => {
    const { name, parameters = [], config: files = {}, useBlacklist, ignoreInstall, refused } = one;
    const flags = [...(useBlacklist ? ['-b'] : []), ...(ignoreInstall ? ['-i'] : [])];
    const where = { root, release, config: files };
    const theirs = modprobe(where, [...flags, name, ...parameters]);
    const config = parseModprobeConfig(filesOf(files));
    const plan = planModprobe(name, {
      tree,
      config,
      parameters,
      useBlacklist: useBlacklist === true,
      ignoreInstall: ignoreInstall === true,
    });
    expect(shown(plan)).toEqual(eachOnce(theirs.lines));
    if (refused !== undefined) expect(plan).toEqual(refused);
    else expect(theirs.lines.length).toBeGreaterThan(0);
  });

  it('warns of the lines that kmod ignores', () => {
    const text =
      'alias x\nblacklist\noptions a\n\\\noptions b\n#\n # c\nsoftdep d\ninstall e\nremove f\nbogus\n' +
      'blacklist g h\ninclude i\nalias j k l\nremove m n\nweakdep';
    const theirs = modprobe({ root, release, config: a(text) }, ['top']).messages;
    const ours = parseModprobeConfig([{ path: 'a.conf', text }]).warnings;
    const words = (messages: readonly string[], pattern: RegExp) =>
      messages.map((message) => pattern.exec(message)?.[1]);
    expect(
      words(
        ours.map(({ message }) => message),
        /'(.*?)'/,
      ),
    ).toEqual(words(theirs, /(?:starting with '|command )(.*?)(?:'$| is deprecated)/));
    expect(ours).toHaveLength(11);
  });
});
