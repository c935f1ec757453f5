import { describe, expect, it } from 'vitest';
import { dependencyGraph } from '../depmod/dependency-graph.js';
import type { DepmodModule } from '../depmod/depmod-module.js';
import { parseModprobeConfig } from './modprobe-config.js';
import { modprobeTree } from './modprobe-tree.js';
import { planModprobe, type ModprobeRequest } from './plan-modprobe.js';

const module = (name: string, more: Partial<DepmodModule> = {}): DepmodModule => ({
  path: `kernel/${name}.ko`,
  modinfo: {},
  exports: [],
  imports: [],
  ...more,
});

const modules = [
  module('user', { imports: [{ name: 'work', weak: false }] }),
  module('provider', { exports: [{ name: 'work' }] }),
  module('soft', { modinfo: { softdep: ['pre: user inside'] } }),
];
const tree = modprobeTree(dependencyGraph({ modules }), {
  builtin: 'kernel/inside.ko\n',
  modinfo: Buffer.from('inside.alias=crypto-inside\0'),
});

// What kmod itself would do is held against these plans in test/e2e/modprobe.test.ts.
function plan(name: string, text = '', more: Partial<ModprobeRequest> = {}) {
  const config = parseModprobeConfig([{ path: 'a.conf', text }]);
  return planModprobe(name, { tree, config, ...more });
}

const steps = (planned: ReturnType<typeof plan>) =>
  planned.outcome === 'planned' ? planned.steps.map(({ module: one }) => one) : [];

describe('planModprobe', () => {
  it('tells what must be loaded from what may fail', () => {
    const planned = plan('soft');
    expect(planned).toMatchObject({
      outcome: 'planned',
      steps: [
        { action: 'insmod', module: 'provider', path: 'kernel/provider.ko', required: false },
        { module: 'user', required: false },
        { module: 'soft', required: true },
      ],
      builtin: ['inside'],
    });
  });

  it('loads nothing for what the kernel holds, by name or by alias', () => {
    const expected = { outcome: 'planned', steps: [], builtin: ['inside'], refusals: [] };
    expect(plan('inside')).toEqual(expected);
    expect(plan('crypto-inside')).toEqual(expected);
  });

  it('leaves out what is loaded, and loads nothing for a module that is', () => {
    expect(steps(plan('user', '', { loaded: new Set(['provider']) }))).toEqual(['user']);
    expect(steps(plan('soft', '', { loaded: new Set(['soft']) }))).toEqual([]);
  });

  it('loads a module once that two names of an alias need', () => {
    expect(steps(plan('both', 'alias both user\nalias both provider'))).toEqual([
      'provider',
      'user',
    ]);
  });

  it('gives an install command as what it is', () => {
    expect(plan('user', 'install user /bin/false\noptions user a=1')).toMatchObject({
      steps: [
        { action: 'insmod', module: 'provider' },
        { action: 'install', module: 'user', command: '/bin/false', parameters: ['a=1'] },
      ],
    });
  });

  it('tells which of the modules of an alias it does not load', () => {
    const text = 'alias both user\nalias both provider\nalias both gone\nblacklist provider';
    expect(plan('both', text)).toMatchObject({
      outcome: 'planned',
      refusals: [
        { reason: 'blacklisted', name: 'both', module: 'provider' },
        { reason: 'not-found', name: 'both', module: 'gone' },
      ],
    });
  });
});
