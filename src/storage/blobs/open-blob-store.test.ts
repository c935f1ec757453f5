import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { openBlobStore, parseHttpPlace } from './open-blob-store.js';

const open = (place: string, environment = {}) =>
  openBlobStore(place, '--shared-cache', environment);

describe('openBlobStore', () => {
  it('opens a directory by its path', async () => {
    const directory = temporaryDirectory();
    expect((await open(`${directory}/`)).address).toBe(directory);
  });

  it.each(['http://cache:8080/kbuild/', 'https://cache/a/b//', 'HTTP://cache'])(
    'opens %s, and asks nobody yet',
    async (url) => {
      expect((await open(url)).address).toMatch(/^https?:\/\/cache(:8080)?(\/\w+)*$/);
    },
  );

  it('shows no credentials', async () => {
    const { address } = await open('http://user:se-cret@cache/x');
    expect(address).toBe('http://cache/x');
  });

  const file = join(temporaryDirectory({ file: '' }), 'file');
  it.each([
    ['a file', file, 'is no directory'],
    ['what lies in a file', `${file}/below`, 'there is no directory'],
    ['what is not there', '/no/such/cache', 'there is no directory /no/such/cache'],
    ['another scheme', 'ftp://u:se-cret@cache/x', "'ftp:' is nothing"],
    ['a query', 'http://u:se-cret@cache/x?token=se-cret', 'more than a path'],
    ['a fragment', 'http://cache/x#se-cret', 'more than a path'],
    ['no host', 'http://u:se-cret@:99999/', "'http://…@:99999/' is no URL"],
  ])('refuses %s', async (_, place, what) => {
    const error = await kbuildErrorOf(() => open(place));
    expect([error.code, error.exitStatus]).toEqual(['USAGE', 2]);
    expect(error.message).toContain('--shared-cache: ');
    expect(error.message).toContain(what);
    expect(`${error.message}${error.hint}`).not.toContain('se-cret');
  });
});

describe('credentials', () => {
  const authorization = (place: string, token = '') =>
    parseHttpPlace(place, '--shared-cache', token).authorization;

  it('are a user and a password in the URL (RFC 7617), percent-decoded', () => {
    const [scheme, value] = authorization('http://a%20b:c%2Fd%40@cache/')!.split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(value!, 'base64').toString()).toBe('a b:c/d@');
  });

  it('or a token (RFC 6750)', () => {
    expect(authorization('http://cache/', 'ab.c=')).toBe('Bearer ab.c=');
    expect(authorization('http://cache/')).toBeUndefined();
  });

  it.each([
    ['both', 'http://u:p@cache/', 'se-cret'],
    ['a token with an end of line', 'http://cache/', 'se-cret\n'],
  ])('and not %s', async (_, place, token) => {
    const error = await kbuildErrorOf(() => authorization(place, token));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain('KBUILD_TS_CACHE_TOKEN');
    expect(`${error.message}${error.hint}`).not.toContain('se-cret');
  });
});
