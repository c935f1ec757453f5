import { describe, expect, it } from 'vitest';
import {
  asDepmodModules,
  runDepmod,
  type MadeUpModule,
} from '../../../test/support/depmod-tree.js';
import { dependencyGraph } from './dependency-graph.js';
import { unmetImports } from './unmet-imports.js';

const modules: MadeUpModule[] = [
  { path: 'kernel/a.ko', exports: { ours: 0x11, both: 0x22 }, imports: { _printk: 0x1234 } },
  { path: 'kernel/b.ko', imports: { ours: 0x11, _printk: 0x9999, missing: 7, __this_module: 0 } },
  { path: 'kernel/c.ko', imports: { ours: 0x12, both: 0x33, '.missing': 1, '.TOC.': 0 } },
  { path: 'kernel/d.ko', imports: { module_layout: 0xcafe }, weak: ['missing', 'ours', '_printk'] },
];
const order = modules.map(({ path }) => `${path}\n`).join('');
const kernel = new Map([
  ['_printk', 0x1234],
  ['both', 0x33],
  ['module_layout', 0xcafe],
]);
const symvers = [...kernel].map(
  ([name, crc]) => `0x${crc.toString(16).padStart(8, '0')}\t${name}\tvmlinux\tEXPORT_SYMBOL\t\n`,
);
const systemMap = [...kernel].map(([name]) => `ffffffff81000000 R __ksymtab_${name}\n`);

/** Ours, in the words of depmod. */
function messages(crcs: boolean): string[] {
  const graph = dependencyGraph({ modules: asDepmodModules(modules), order });
  return unmetImports(graph, kernel, { crcs }).map(({ module, symbol, problem }) => {
    const what = problem === 'crc' ? 'disagrees about version of symbol' : 'needs unknown symbol';
    return `WARNING: ${graph.modules[module]!.path} ${what} ${symbol}`;
  });
}

describe('unmetImports', () => {
  it.each([
    ['-E', 'Module.symvers', symvers, true],
    ['-F', 'System.map', systemMap, false],
  ] as const)('finds what depmod -e %s warns of', (flag, name, lines, crcs) => {
    const files = { 'modules.order': order, [name]: lines.join('') };
    const run = runDepmod(modules, { files, args: ['-n', '-e', flag, `TREE/${name}`] });
    expect(messages(crcs)).toEqual(run.messages);
    expect(run.messages).toHaveLength(crcs ? 5 : 2);
  });

  it('names the module that exports another CRC', () => {
    const graph = dependencyGraph({ modules: asDepmodModules(modules), order });
    expect(unmetImports(graph, kernel, { crcs: true })).toContainEqual({
      module: 2,
      symbol: 'ours',
      problem: 'crc',
      provider: 0,
    });
  });
});
