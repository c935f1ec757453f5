import { describe, expect, it } from 'vitest';
import { dependencyGraph } from '../module/depmod/dependency-graph.js';
import type { DepmodModule } from '../module/depmod/depmod-module.js';
import { parseModprobeConfig } from '../module/modprobe/modprobe-config.js';
import { modprobeTree } from '../module/modprobe/modprobe-tree.js';
import { planRequests } from './plan-requests.js';

const module = (name: string, more: Partial<DepmodModule> = {}): DepmodModule => ({
  path: `updates/${name}.ko`,
  modinfo: {},
  exports: [],
  imports: [],
  ...more,
});

const modules = [
  module('user', {
    imports: [{ name: 'work', weak: false }],
    modinfo: { alias: ['crypto-user(x)', 'of:N*[a-z]'] },
  }),
  module('provider', { exports: [{ name: 'work' }], modinfo: { alias: ['crypto-base'] } }),
];
const tree = modprobeTree(dependencyGraph({ modules }));

function requests(text = '', only?: string[]) {
  const config = parseModprobeConfig([{ path: 'a.conf', text }]);
  const role = (name: string) => (name === 'user' ? ('tested' as const) : ('needed' as const));
  const table = planRequests(
    {
      tree,
      config,
      modules: new Map(
        modules.map(({ path }) => {
          const name = path.replace(/^.*\/|\.ko$/g, '');
          return [name, { name, file: `/${path}`, role: role(name) }];
        }),
      ),
      missing: [],
      unresolved: [],
    },
    only && new Set(only),
  );
  const loads = Object.entries(table.loads).map(
    ([name, all]) =>
      `${name}: ${all.map((load) => [load.module.name, ...load.parameters].join(' ')).join(', ')}`,
  );
  return { ...table, loads };
}

describe('planRequests', () => {
  it('gives each module by its name and aliases, after what it needs', () => {
    const { lookups, loads } = requests();
    expect(loads).toEqual(['user: provider, user', 'provider: provider']);
    expect(lookups).toEqual([
      expect.arrayContaining([
        { pattern: 'user', module: 'user' },
        { pattern: 'provider', module: 'provider' },
      ]),
      expect.arrayContaining([
        { pattern: 'crypto_user(x)', module: 'user' },
        { pattern: 'of:N*[a-z]', module: 'user' },
        { pattern: 'crypto_base', module: 'provider' },
      ]),
    ]);
  });

  it('heeds options, aliases and the blacklist, which is none of names', () => {
    const { lookups, loads } = requests(
      'alias my-own user\noptions user size=3\nblacklist user\nblacklist gone',
    );
    expect(loads).toContain('user: provider, user size=3');
    expect(lookups[0]).toEqual([{ pattern: 'my_own' }]);
    expect(lookups[1]).toContainEqual({ pattern: 'user', module: 'user' });
    expect(lookups[2]).toContainEqual({ pattern: 'crypto_user(x)' });
  });

  it('leaves out what a command stands for, and what is not to be loaded', () => {
    expect(requests('install provider /bin/true').loads).toEqual([]);
    expect(requests('', ['user']).loads).toEqual(['user: user']);
    expect(requests('', []).lookups).toEqual([]);
  });
});
