import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bookwormRepository as debian, fakeApt } from '../../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { interrupted, KbuildError } from '../../errors/kbuild-error.js';
import type { ErrorCode } from '../../errors/codes.js';
import { cachedIndex, indexDirectory, indexTime } from './index-cache.js';
import type { ProviderContext } from './port.js';

const hour = 3600; // seconds

const gives = (text: string) => {
  const fetch = () => Promise.resolve(text);
  return fetch;
};
const fails = (code: ErrorCode) => () =>
  Promise.reject(new KbuildError(code, 'Temporary failure resolving', 'Check the network.'));
const never = () => Promise.reject(new Error('the repository was asked'));

/** A context whose cache has an index that was read so many seconds ago. */
async function aged(seconds: number) {
  const { context, events } = fakeApt({ index: undefined, packages: {} });
  await cachedIndex(debian, context, false, gives('old'));
  events.length = 0;
  const time = Date.now() / 1000 - seconds;
  utimesSync(join(indexDirectory(debian, context), 'index'), time, time);
  return { context, events };
}

const read = (context: ProviderContext, fetch: () => Promise<string>, refresh = false) =>
  cachedIndex(debian, context, refresh, fetch);

describe('the index of a repository', () => {
  it('is fetched where there is none, and told of', async () => {
    const { context, events } = fakeApt({ index: undefined, packages: {} });
    expect(indexTime(debian, context)).toBe(0);
    expect(await read(context, gives('new'))).toBe('new');
    expect(indexTime(debian, context)).toBeGreaterThan(Date.now() - 60_000);
    expect(events).toMatchObject([
      { type: 'prepare-start', title: 'package index of debian:bookworm' },
      { type: 'prepare-end' },
    ]);
  });

  it('is believed for a day', async () => {
    const { context, events } = await aged(23 * hour);
    expect(await read(context, never)).toBe('old');
    expect(events).toEqual([]);
    expect(await read((await aged(25 * hour)).context, gives('new'))).toBe('new');
  });

  it('is read anew if asked, and where its time lies ahead', async () => {
    expect(await read((await aged(0)).context, gives('new'), true)).toBe('new');
    expect(await read((await aged(-2 * hour)).context, gives('new'))).toBe('new');
  });

  it.each(['FETCH_FAILED', 'ENGINE_NOT_RUNNING', 'IMAGE_BASE_UNAVAILABLE'] as const)(
    'serves although it is old, with a warning, after %s',
    async (code) => {
      const { context, events } = await aged(49 * hour);
      expect(await read(context, fails(code))).toBe('old');
      expect(events.filter(({ type }) => type === 'warning')).toEqual([
        {
          type: 'warning',
          message:
            'the package index of debian:bookworm could not be updated (Temporary failure resolving); the one of 49 hours ago is used',
          hint: 'Check the network.',
        },
      ]);
      // The next run asks again.
      expect(await read(context, gives('new'))).toBe('new');
    },
  );

  it.each([
    ['there is none', undefined, false],
    ['it was asked for anew', 49 * hour, true],
  ])('fails where %s and it cannot be had, and leaves nothing', async (_, age, refresh) => {
    const { context } =
      age === undefined ? fakeApt({ index: undefined, packages: {} }) : await aged(age);
    const before = indexTime(debian, context);
    const error = await kbuildErrorOf(() => read(context, fails('FETCH_FAILED'), refresh));
    expect([error.code, error.message]).toEqual(['FETCH_FAILED', 'Temporary failure resolving']);
    expect(indexTime(debian, context)).toBe(before);
    const directory = indexDirectory(debian, context);
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual(before ? ['index'] : []);
  });

  it('does not serve who has interrupted the run', async () => {
    const { context } = await aged(49 * hour);
    const error = await kbuildErrorOf(() => read(context, () => Promise.reject(interrupted())));
    expect(error.code).toBe('INTERRUPTED');
    const aborted = { ...context, signal: AbortSignal.abort() };
    const late = await kbuildErrorOf(() => read(aborted, fails('FETCH_FAILED')));
    expect(late.code).toBe('FETCH_FAILED');
  });

  it('lets a bug through as it is', async () => {
    const { context } = await aged(49 * hour);
    await expect(read(context, () => Promise.reject(new TypeError('bug')))).rejects.toThrow(
      TypeError,
    );
  });

  it('is offline the one that is there, however old', async () => {
    const { context } = await aged(999 * hour);
    expect(await read({ ...context, offline: true }, never, true)).toBe('old');
  });

  it('is offline missed by its name', async () => {
    const { context } = fakeApt({ index: undefined, packages: {} });
    const error = await kbuildErrorOf(() => read({ ...context, offline: true }, never));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toMatch(/index of debian:bookworm is not in the cache.*--offline/);
    expect(error.hint).toContain('kernel fetch debian:bookworm');
  });

  it('is kept for each repository by itself', async () => {
    const { context } = await aged(0);
    expect(indexTime({ ...debian, name: 'sid' }, context)).toBe(0);
    expect(indexTime({ ...debian, distribution: 'acme' }, context)).toBe(0);
  });
});
