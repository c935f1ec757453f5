import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { collectDkms } from './collect.js';

const file = (path: string, text = path) => ({ path, bytes: Buffer.from(text) });

const record = (...fields: string[]) => file('record', fields.map((f) => `${f}\0`).join(''));
const twoBuilt = ['module', 'a', 'dest', 'x', 'module', 'b', 'dest', 'y', 'end', 'built'];

describe('collectDkms', () => {
  it('gives the modules by the names that they are installed as', () => {
    const {
      modules,
      missing,
      record: read,
    } = collectDkms([file('module/y.ko'), file('module/x.ko'), record(...twoBuilt)]);
    expect(modules).toEqual([
      { path: 'x.ko', name: 'a', bytes: Buffer.from('module/x.ko') },
      { path: 'y.ko', name: 'b', bytes: Buffer.from('module/y.ko') },
    ]);
    expect(missing).toEqual([]);
    expect(read?.end).toBe('built');
  });

  it('takes no module that the record does not promise, and says what is not there', () => {
    const { modules, missing } = collectDkms([
      file('module/z.ko'),
      file('x.ko'),
      record(...twoBuilt),
    ]);
    expect(modules).toEqual([]);
    expect(missing).toEqual(['x', 'y']);
  });

  it('gives the symbols and the other modules in one order, in whatever one they come', () => {
    const files = ['build/b/Module.symvers', 'build/Module.symvers', 'build/z.ko', 'build/b.ko'];
    const given = [files, files.toReversed()].map((paths) => {
      const { symvers, others } = collectDkms([
        ...paths.map((p) => file(p)),
        record('end', 'built'),
      ]);
      return { symvers, others: others.map(({ path }) => path) };
    });
    expect(given[0]).toEqual({
      symvers: 'build/Module.symversbuild/b/Module.symvers',
      others: ['build/b.ko', 'build/z.ko'],
    });
    expect(given[1]).toEqual(given[0]);
  });

  it('does without a record, of a driver that was ended', () => {
    expect(collectDkms([])).toEqual({ modules: [], missing: [], others: [], symvers: '' });
  });

  it('refuses an archive that has a file twice', async () => {
    const error = await kbuildErrorOf(() => collectDkms([record(), record(...twoBuilt)]));
    expect(error.code).toBe('VERIFY_FAILED');
    expect(error.message).toContain('record twice');
  });
});
