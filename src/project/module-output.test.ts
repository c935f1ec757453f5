import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { projectMake } from './module-output.js';

describe('projectMake', () => {
  it('passes on what a project says, and nothing where it says nothing', () => {
    expect(projectMake('/p', { DEBUG: '1', MOD: '../x' })).toEqual({ DEBUG: '1', MOD: '../x' });
    expect(projectMake('/p', undefined)).toEqual({});
  });

  it.each([
    ['out', 'out'],
    ['./out//modules/', 'out/modules'],
    ['a/../out', 'out'],
    ['.', '.'],
    ['', '.'],
    ['..out', '..out'],
  ])('takes MO=%s', (MO, normal) => {
    expect(projectMake('/p', { A: '1', MO })).toEqual({ A: '1', MO: normal });
  });

  it.each(['..', '../out', 'a/../..', '/tmp/out', 'my out', 'a:b', '$(HOME)', "it's", 'a\nb'])(
    'refuses MO=%j',
    async (MO) => {
      const error = await kbuildErrorOf(() => projectMake('/p', { MO }));
      expect(error.code).toBe('CONFIG_INVALID');
      expect(error.message).toContain(`/p: make.MO is '${MO}'`);
    },
  );
});
