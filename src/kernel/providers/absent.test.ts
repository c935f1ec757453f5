import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KbuildError } from '../../errors/kbuild-error.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { unlessAbsent } from './absent.js';

const record = () => join(temporaryDirectory(), 'kernels/6.1.0.json');

/** A fetch that fails with these words, and how often it was tried. */
function failing(message: string) {
  const fetch = () => {
    fetch.tries++;
    return Promise.reject(new KbuildError('FETCH_FAILED', message, 'Check the network.'));
  };
  fetch.tries = 0;
  return fetch;
}

const missing = 'E: Failed to fetch http://mirror/x.deb  404  Not Found';

describe('unlessAbsent', () => {
  it('gives what was fetched', async () => {
    expect(await unlessAbsent(record(), 0, () => Promise.resolve('a kernel'))).toBe('a kernel');
  });

  it('does not ask again for what the mirror did not have, and fails as it did before', async () => {
    const [path, fetch] = [record(), failing(missing)];
    const first = await kbuildErrorOf(() => unlessAbsent(path, 0, fetch));
    const second = await kbuildErrorOf(() => unlessAbsent(path, 0, fetch));
    expect(second.toReport()).toEqual(first.toReport());
    expect(fetch.tries).toBe(1);
  });

  it('asks again when the index was read after that', async () => {
    const [path, fetch] = [record(), failing(missing)];
    await kbuildErrorOf(() => unlessAbsent(path, 0, fetch));
    utimesSync(`${path}.absent`, 1000, 1000);
    await kbuildErrorOf(() => unlessAbsent(path, 1_000_000, fetch));
    expect(fetch.tries).toBe(2);
  });

  it('asks again after any other failure', async () => {
    const [path, fetch] = [record(), failing('E: Temporary failure resolving mirror')];
    await kbuildErrorOf(() => unlessAbsent(path, 0, fetch));
    await kbuildErrorOf(() => unlessAbsent(path, 0, fetch));
    expect(fetch.tries).toBe(2);
  });

  it('lets a bug through as it is', async () => {
    const bug = unlessAbsent(record(), 0, () => Promise.reject(new TypeError('404 bugs')));
    await expect(bug).rejects.toThrow(TypeError);
  });
});
