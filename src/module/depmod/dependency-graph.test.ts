import { describe, expect, it } from 'vitest';
import {
  asDepmodModules,
  runDepmod,
  type MadeUpModule,
} from '../../../test/support/depmod-tree.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { dependencyGraph, type DependencyGraph } from './dependency-graph.js';
import { dependenciesText, depmodTexts } from './depmod-texts.js';
import { allProviders, loadOrder } from './load-order.js';

/** A tree of modules that each export one symbol, their name, in the order given. */
function tree(needs: Record<string, string[]>): { modules: MadeUpModule[]; order: string } {
  const modules = Object.entries(needs).map(([name, providers]) => ({
    path: `kernel/${name}.ko`,
    exports: { [name]: 1 },
    imports: Object.fromEntries(providers.map((provider) => [provider, 1])),
  }));
  return { modules, order: modules.map(({ path }) => `${path}\n`).join('') };
}

function graphOf(needs: Record<string, string[]>): DependencyGraph {
  const { modules, order } = tree(needs);
  return dependencyGraph({ modules: asDepmodModules(modules), order });
}

const names = (graph: DependencyGraph, indices: readonly number[]) =>
  indices.map((index) => graph.modules[index]?.name);

describe('dependencyGraph', () => {
  it('has the direct providers of each module, once, in the order of first use', () => {
    const graph = graphOf({ a: ['c', 'b', 'kernel_symbol', 'c'], b: [], c: ['b'] });
    expect(graph.modules.map(({ providers }) => names(graph, providers))).toEqual([
      ['c', 'b'],
      [],
      ['b'],
    ]);
    expect(graph.cycles).toEqual([]);
    expect(graph.symbols.get('c')).toEqual({ module: 2, crc: 1 });
    expect(names(graph, loadOrder(graph))).toEqual(['b', 'c', 'a']);
    expect(allProviders(graph)).toEqual([[2, 1], [], [1]]);
  });

  it('takes weak imports and PowerPC’s .name for imports, and the last exporter, as depmod', () => {
    const modules: MadeUpModule[] = [
      { path: 'kernel/a.ko', exports: { twice: 1, once: 2 } },
      { path: 'kernel/b.ko', exports: { twice: 3 } },
      { path: 'kernel/c.ko', imports: { '.twice': 3 } },
      { path: 'kernel/d.ko', weak: ['once', 'nowhere'] },
      { path: 'kernel/e.ko', exports: { twice: 4 } },
    ];
    const order = 'kernel/e.ko\nkernel/a.ko\nkernel/b.ko\n';
    const graph = dependencyGraph({ modules: asDepmodModules(modules), order });
    const run = runDepmod(modules, { files: { 'modules.order': order } });
    expect(dependenciesText(graph)).toBe(run.file('modules.dep')?.toString());
    expect(depmodTexts(graph)['modules.symbols']).toBe(run.file('modules.symbols')?.toString());
    expect(dependenciesText(graph)).toContain('kernel/c.ko: kernel/b.ko\n');
    expect(graph.duplicates).toEqual([{ symbol: 'twice', modules: [0, 1, 2] }]);
  });

  it.each([
    [{ a: ['b'], b: ['a'] }, 'a -> b -> a'],
    [{ a: ['a'] }, 'a -> a'],
    [{ a: ['b'], b: ['c'], c: ['a'], d: [] }, 'a -> b -> c -> a'],
  ])(
    'refuses the cycle that depmod finds in %j',
    async (needs: Record<string, string[]>, shown) => {
      const { modules, order } = tree(needs);
      const run = runDepmod(modules, { files: { 'modules.order': order } });
      const graph = graphOf(needs);
      const error = await kbuildErrorOf(() => depmodTexts(graph));
      expect(run.status).toBe(1);
      expect(run.file('modules.dep')).toBeUndefined();
      const [, rotated = ''] = /Cycle detected: (.*)/.exec(run.messages.join('\n')) ?? [];
      const set = (text: string) => new Set(text.split(' -> '));
      expect(set(shown)).toEqual(set(rotated));
      const count = graph.cycles[0]!.members.length;
      expect(run.messages).toContain(`ERROR: Found ${count} modules in dependency cycles!`);
      expect(error.code).toBe('MODULE_DEPENDENCY_CYCLE');
      expect(error.message).toContain(`: ${shown}`);
      expect((await kbuildErrorOf(() => loadOrder(graph))).code).toBe('MODULE_DEPENDENCY_CYCLE');
    },
  );

  it('tells cycles apart from what leads to them and from them, and shows a shortest way', () => {
    const graph = graphOf({
      user: ['a'],
      a: ['b', 'c'],
      b: ['d'],
      c: ['a', 'below'],
      d: ['a'],
      below: [],
      self: ['self'],
      x: ['y', 'below'],
      y: ['x', 'self'],
    });
    expect(graph.cycles.map(({ members }) => names(graph, members))).toEqual([
      ['a', 'b', 'c', 'd'],
      ['self'],
      ['x', 'y'],
    ]);
    expect(graph.cycles.map(({ path }) => names(graph, path))).toEqual([
      ['a', 'c'],
      ['self'],
      ['x', 'y'],
    ]);
    expect(names(graph, graph.usersFirst)).toEqual(['user']);
  });

  it('shows the ends of a long cycle', async () => {
    const ring = Array.from({ length: 30_000 }, (_, i) => [`m${i}`, [`m${(i + 1) % 30_000}`]]);
    const graph = graphOf(Object.fromEntries(ring) as Record<string, string[]>);
    const { message } = await kbuildErrorOf(() => loadOrder(graph));
    expect(graph.cycles[0]?.path).toHaveLength(30_000);
    expect(message).toMatch(/: m0 -> m1 -> m2 .* -> … -> .* -> m29999 -> m0$/);
  });

  it('refuses more dependencies than it could write', async () => {
    const chain = Array.from({ length: 3000 }, (_, i) => [`m${i}`, i === 0 ? [] : [`m${i - 1}`]]);
    const graph = graphOf(Object.fromEntries(chain) as Record<string, string[]>);
    expect((await kbuildErrorOf(() => dependenciesText(graph))).code).toBe('MODULE_TREE_TOO_LARGE');
    expect(loadOrder(graph)).toHaveLength(3000);
  });

  it('refuses more text than a string can hold', async () => {
    const far = (name: string) => `${'long/'.repeat(60_000)}${name}.ko`;
    const modules = Array.from({ length: 60 }, (_, i) => ({
      path: far(`m${i}`),
      exports: { [`s${i}`]: 0 },
      imports: i === 0 ? {} : { [`s${i - 1}`]: 0 },
    }));
    const graph = dependencyGraph({ modules: asDepmodModules(modules) });
    expect((await kbuildErrorOf(() => dependenciesText(graph))).code).toBe('MODULE_TREE_TOO_LARGE');
  });

  it('finds many ways to one module fast', () => {
    // depmod 30 walks each way: here 2^60.
    const layers = Array.from({ length: 60 }, (_, i) => {
      const below = i === 0 ? [] : [`a${i - 1}`, `b${i - 1}`];
      return [
        [`a${i}`, below],
        [`b${i}`, below],
      ];
    });
    const graph = graphOf(Object.fromEntries(layers.flat()) as Record<string, string[]>);
    expect(allProviders(graph).at(-1)).toHaveLength(118);
  });
});
