import { describe, expect, it } from 'vitest';
import {
  asDepmodModules,
  release,
  runDepmod,
  type DepmodOptions,
  type MadeUpModule,
} from '../../../test/support/depmod-tree.js';
import { readDepmodConfig } from './depmod-config.js';
import { depmodIndexes } from './depmod-indexes.js';
import { depmodTexts } from './depmod-texts.js';
import { dependencyGraph, type DependencyGraph } from './dependency-graph.js';

function graphOf(modules: readonly MadeUpModule[], options: DepmodOptions): DependencyGraph {
  const order = options.files?.['modules.order'];
  return dependencyGraph({
    modules: asDepmodModules(modules),
    ...(order === undefined ? {} : { order }),
    config: readDepmodConfig([options.config ?? ''], release),
  });
}

/** Holds all files that depmod writes for the modules against ours. */
function expectDepmodsFiles(modules: readonly MadeUpModule[], options: DepmodOptions = {}): string {
  const run = runDepmod(modules, options);
  expect(run.status, run.messages.join('\n')).toBe(0);
  const graph = graphOf(modules, options);
  const texts = depmodTexts(graph);
  for (const [name, text] of Object.entries(texts)) {
    if (name === 'modules.weakdep') continue; // of newer kmods
    expect(text, name).toBe(run.file(name)?.toString());
  }
  const { 'modules.builtin': builtin, 'modules.builtin.modinfo': modinfo } = options.files ?? {};
  const indexes = depmodIndexes(graph, {
    ...(builtin === undefined ? {} : { builtin }),
    ...(modinfo === undefined ? {} : { modinfo: Buffer.from(modinfo) }),
  });
  for (const [name, bytes] of Object.entries(indexes)) {
    expect(Buffer.from(bytes).equals(run.file(name)!), name).toBe(true);
  }
  return texts['modules.dep'];
}

/**
 * Modules with symbols of all lengths, each needing some of those before it: few ways lead from one
 * to another, because depmod walks them all.
 */
function manyModules(count: number): MadeUpModule[] {
  const symbol = (module: number, n: number) => `s${module}_${'x'.repeat((module + n) % 9)}${n}`;
  return Array.from({ length: count }, (_, i) => ({
    path: `kernel/${i % 7}/mod-${i}${'y'.repeat(i % 5)}.ko`,
    exports: Object.fromEntries([0, 1, 2].map((n) => [symbol(i, n), i * 3 + n])),
    imports: Object.fromEntries(
      [i >> 1, Math.floor(i / 3)]
        .filter((other) => other >= 0 && other < i && i % 4 !== 0)
        .map((other) => [symbol(other, i % 3), other * 3 + (i % 3)]),
    ),
    modinfo: [`alias=pci:v0000${i}d*sv*`, 'license=GPL', `alias=of:N*T*Cvendor,part-${i % 6}`],
  }));
}

describe('the files that depmod writes', () => {
  it.each([0, 1, 40, 300])('are the same for %i modules without modules.order', (count) => {
    expectDepmodsFiles(manyModules(count));
  });

  it('follow modules.order, and the hash table for what it does not name', () => {
    const modules = manyModules(60);
    const order = modules
      .filter((_, i) => i % 3 !== 0)
      .map(({ path }) => `${path}\n`)
      .reverse();
    expectDepmodsFiles(modules, {
      files: { 'modules.order': `${order.join('')}kernel/gone.ko\n` },
    });
  });

  it.each([
    ['names a module twice', (path: string) => `${path}\nkernel/a/b.ko\n${path}\n`],
    ['does not end its last line', (path: string) => `kernel/x.ko\n${path}`],
    ['has a line that is too long', (path: string) => `${path}\n${'x'.repeat(4095)}\n`],
    ['has as long a line as can be read', (path: string) => `${path}\n${'x'.repeat(4094)}\n`],
    ['is empty', () => ''],
  ])('are the same where modules.order %s', (_, order) => {
    const modules = manyModules(20);
    const files = { 'modules.order': order(modules[13]!.path) };
    expectDepmodsFiles(modules, { files });
  });

  it('name compressed modules as they are, and find them in modules.order', () => {
    const [first, second, third] = manyModules(3);
    const modules = [
      { ...first!, path: 'kernel/with-dash.ko.xz' },
      { ...second!, path: 'kernel/b.ko.zst', imports: { [Object.keys(first!.exports!)[0]!]: 0 } },
      { ...third!, path: 'extra/dotted.name.ko' },
    ];
    const order = 'kernel/b.ko\nkernel/with-dash.ko\nextra/dotted.name.ko\n';
    const text = expectDepmodsFiles(modules, { files: { 'modules.order': order } });
    expect(text).toMatch(/^kernel\/b\.ko\.zst: kernel\/with-dash\.ko\.xz$/m);
  });

  it('have soft dependencies, device nodes and aliases of all kinds', () => {
    const aliases = (...values: string[]) => values.map((value) => `alias=${value}`);
    const nodes: [string, string[]][] = [
      ['fuse', aliases('fs-fuse', 'devname:fuse', 'char-major-10-229')],
      ['loop', aliases('block-major-7-*', 'devname:loop-control', 'char-major-10-237')],
      ['both', aliases('char-major-1-2', 'block-major-3-4', 'devname:a', 'devname:b')],
      ['last', aliases('devname:a', 'devname:b', 'char-major-0012-34x', 'char-major-5-6')],
      ['odd', aliases('devname:odd', 'block-major- 12--1')],
      ['large', aliases('devname:large', `char-major-${'9'.repeat(30)}-4294967297`)],
      ['plus', aliases('devname:plus', 'char-major-+000-\t+7')],
      ['none', aliases('devname:none', 'char-major-10', 'char-major-10-', 'char-major-x-1')],
      ['dashes', aliases('a-b[c-d]e-f', 'a[[b-]-c', 'open-[x', 'close-x]', '', '-')],
      ['soft', ['softdep=pre: a-b post: c', 'softdep=post: d', 'weakdep=e']],
      ['text', ['softdep=pre: ä=ö']],
      ['again', aliases('same', 'same', 'shared')],
      ['shared', aliases('shared', 'shared:more')],
    ];
    const modules = nodes.map(([name, modinfo]) => ({ path: `kernel/${name}.ko`, modinfo }));
    expectDepmodsFiles(modules);
    const run = runDepmod(modules);
    expect(run.messages).toContain(
      "ERROR: Module 'none' has devname (none) but lacks major and minor information. Ignoring.",
    );
  });

  it('take in what the kernel has built in', () => {
    const builtin = 'kernel/fs/ext-4.ko\n\nkernel/a.b.ko\n9p.ko\nlast.ko';
    const modinfo =
      'ext4.license=GPL\0ext4.alias=fs-ext4\0no dot\0a.alias=\0b.alias=x[0-9]-y\0' +
      'b.alias=]\0c.parm=alias=1\0c.alias=of:N=T=C\0c.alias=unterminated';
    const files = { 'modules.builtin': builtin, 'modules.builtin.modinfo': modinfo };
    expectDepmodsFiles(manyModules(2), { files });
  });

  it('are texts in the bytes that names and symbols have', () => {
    const modules = ['größe', 'weiß_a', 'ähn', 'x'].map((name, i) => ({
      path: `kernel/${name}.ko`,
      exports: { [`${name}_${i}_a`]: 1, [`ü${name}abc`.slice(0, 5)]: 2 },
      imports: i === 0 ? {} : { größe_0_a: 1 },
      modinfo: [`alias=${name}`],
    }));
    const texts = depmodTexts(graphOf(modules, {}));
    const { stdout } = runDepmod(modules, { args: ['-n'] });
    const { 'modules.dep': dep, 'modules.alias': alias, 'modules.softdep': softdep } = texts;
    expect(dep + alias + softdep + texts['modules.symbols'] + texts['modules.devname']).toBe(
      stdout,
    );
  });
});

describe('modules.weakdep', () => {
  it('has the weak dependencies, for kmod 33 and later', () => {
    const modules = [{ path: 'kernel/a-b.ko', modinfo: ['weakdep=c', 'weakdep=d'] }];
    expect(depmodTexts(graphOf(modules, {}))['modules.weakdep']).toBe(
      '# Weak dependencies extracted from modules themselves.\nweakdep a_b c\nweakdep a_b d\n',
    );
  });
});

describe('of several modules of one name', () => {
  const at = (...paths: string[]) =>
    paths.map((path, i) => ({ path, exports: { [`symbol_${i}`]: i } }));
  const pair = at('updates/dkms/the-one.ko', 'kernel/net/the_one.ko.xz', 'extra/other.ko');

  it.each([
    ['prefers updates by default', '', 'updates/dkms/the-one.ko'],
    ['follows search', 'search built-in updates\n', 'kernel/net/the_one.ko.xz'],
    ['joins search lines', 'search kernel\n# x\nsearch updates', 'kernel/net/the_one.ko.xz'],
    ['reads joined lines', 'search ker\\\nnel upd\\ates', 'kernel/net/the_one.ko.xz'],
    ['puts what is not named last', 'search extra updates', 'updates/dkms/the-one.ko'],
    ['follows override', 'override the_one * kernel/net\n', 'kernel/net/the_one.ko.xz'],
    [
      'follows override of a release',
      'override the_one ^6[.]1 kernel/net',
      'kernel/net/the_one.ko.xz',
    ],
    ['ignores override of another', 'override the_one ^5 kernel/net', 'updates/dkms/the-one.ko'],
    ['ignores a broken pattern', 'override the_one ( kernel/net', 'updates/dkms/the-one.ko'],
    [
      'ignores half an override',
      'override the_one kernel/net\nnonsense\n',
      'updates/dkms/the-one.ko',
    ],
    [
      'asks the last override first',
      'override the_one * kernel/net\noverride the-one * updates/dkms',
      'updates/dkms/the-one.ko',
    ],
  ])('depmod %s', (_, config, chosen) => {
    for (const modules of [pair, [...pair].reverse()]) {
      const text = expectDepmodsFiles(modules, { config });
      expect(text.split(':\n')).toContain(chosen);
      expect(text.split('\n')).toHaveLength(3);
    }
  });
});
