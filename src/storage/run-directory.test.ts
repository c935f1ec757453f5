import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { currentOwner, parseOwner } from './owner.js';
import { hostIdentity } from './owner.js';
import { openRunDirectory } from './run-directory.js';

const deadOwner = () => `${deadProcess()}:12345:${hostIdentity()}`;

describe('openRunDirectory', () => {
  it('makes a directory that says whose it is', async () => {
    const cache = temporaryDirectory();
    const run = await openRunDirectory(cache);
    expect(run.path).toBe(join(cache, 'runs', run.id));
    expect(parseOwner(readFileSync(join(run.path, 'owner'), 'utf8'))).toEqual(currentOwner());
  });

  it('makes another one for every run', async () => {
    const cache = temporaryDirectory();
    const runs = await Promise.all([1, 2, 3].map(() => openRunDirectory(cache)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual(runs.map(({ id }) => id).sort());
  });

  it('is removed with all that is in it, once or twice', async () => {
    const cache = temporaryDirectory();
    const run = await openRunDirectory(cache);
    await run.remove();
    await run.remove();
    expect(readdirSync(join(cache, 'runs'))).toEqual([]);
  });

  it('clears what a killed run left, and leaves the others', async () => {
    const cache = temporaryDirectory({
      'runs/killed/owner': deadOwner(),
      'runs/killed/sources/0/deep/file.c': '',
      'runs/elsewhere/owner': '4194304:1:another-host',
      'runs/nobodys/file': 'its owner is not written yet',
      'runs/garbled/owner': 'what is this?',
    });
    const alive = await openRunDirectory(cache);
    const run = await openRunDirectory(cache);
    expect(existsSync(join(cache, 'runs/killed'))).toBe(false);
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual(
      [alive.id, run.id, 'elsewhere', 'nobodys', 'garbled'].sort(),
    );
  });

  it('can be opened by several runs that clear the same things at once', async () => {
    const left = Array.from({ length: 20 }, (_, i) => [`runs/killed-${i}/owner`, deadOwner()]);
    const cache = temporaryDirectory(Object.fromEntries(left) as Record<string, string>);
    const runs = await Promise.all([1, 2, 3, 4].map(() => openRunDirectory(cache)));
    expect(readdirSync(join(cache, 'runs')).sort()).toEqual(runs.map(({ id }) => id).sort());
  });
});
