import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { asDepmodModules } from '../../../test/support/depmod-tree.js';
import { dependencyGraph } from './dependency-graph.js';
import { toDot } from './dot.js';

describe('toDot', () => {
  it('is what Graphviz reads, whatever the names', () => {
    const names = [
      'plain',
      'has "quotes"',
      'back\\slash\\',
      '\\N',
      'new\nline',
      'größe',
      '<b>',
      '',
    ];
    const modules = names.map((name, i) => ({
      path: `kernel/${name}.ko`,
      exports: { [`s${i}`]: 0 },
      imports: i === 0 ? {} : { s0: 0 },
    }));
    const graph = dependencyGraph({ modules: asDepmodModules(modules) });
    const drawn = JSON.parse(
      execFileSync('dot', ['-Tjson0'], { input: toDot(graph), encoding: 'utf8' }),
    ) as { objects: { name: string }[]; edges: { tail: number; head: number }[] };
    expect(drawn.objects).toHaveLength(names.length);
    expect(drawn.edges.map(({ head }) => drawn.objects[head]?.name)).toEqual(
      names.slice(1).map(() => 'plain'),
    );
    expect(drawn.objects.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['has "quotes"', 'größe', '<b>', 'new\nline']),
    );
  });

  it('has arrows from users to providers', () => {
    const modules = asDepmodModules([
      { path: 'a.ko', imports: { b: 0 } },
      { path: 'b.ko', exports: { b: 0 } },
    ]);
    expect(toDot(dependencyGraph({ modules, order: 'a.ko\nb.ko\n' }))).toBe(
      'digraph modules {\n  rankdir=LR;\n  node [shape=box];\n  "a";\n  "a" -> "b";\n  "b";\n}\n',
    );
  });
});
