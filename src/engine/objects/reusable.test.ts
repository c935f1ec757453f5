import { describe, expect, it } from 'vitest';
import { reusableObjects } from './reusable.js';

const files = {
  'drv/Kbuild': '1',
  'drv/a.c': '1',
  'drv/b.c': '1',
  'drv/c.h': '1',
  'drv/low.S': '1',
  'drv/table.inc': '1',
};
const object = (path: string, ...read: string[]) => ({
  path,
  read,
  sha256: ['', ''] as [string, string],
});
const kept = {
  directory: '/objects',
  files,
  told: ['drv/a.c', 'drv/b.c', 'drv/c.h', 'drv/low.S'],
  objects: [
    object('drv/a.o', 'drv/a.c', 'drv/c.h'),
    object('drv/b.o', 'drv/b.c'),
    object('drv/low.o', 'drv/low.S'),
  ],
};
const reused = (now: Record<string, string>) =>
  reusableObjects(kept, now).map(({ path }) => path.slice(4));

describe('reusableObjects', () => {
  it('are all where nothing has changed', () => {
    expect(reused(files)).toEqual(['a.o', 'b.o', 'low.o']);
  });

  it('are those that do not read a C file that has changed', () => {
    expect(reused({ ...files, 'drv/c.h': '2' })).toEqual(['b.o', 'low.o']);
    expect(reused({ ...files, 'drv/b.c': '2' })).toEqual(['a.o', 'low.o']);
  });

  it('are those that do not read a C file that is gone', () => {
    const { 'drv/b.c': gone, ...rest } = files;
    expect(gone).toBe('1');
    expect(reused(rest)).toEqual(['a.o', 'low.o']);
  });

  it.each(['drv/Kbuild', 'drv/low.S', 'drv/table.inc'])('are none after a change of %s', (path) => {
    expect(reused({ ...files, [path]: '2' })).toEqual([]);
  });

  it('are none after a change of a C file that no compiler told of: an assembler may include it', () => {
    const more = { ...files, 'drv/asm.h': '1' };
    const all = reusableObjects({ ...kept, files: more }, { ...more, 'drv/asm.h': '2' });
    expect(all).toEqual([]);
  });

  it('are none after a file was added, which may come before another of its name', () => {
    expect(reused({ ...files, 'drv/include/c.h': '1' })).toEqual([]);
  });
});
