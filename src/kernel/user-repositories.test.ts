import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { repositoryId, shippedRepositories } from './repository.js';
import { repositoryDirectory, withUserRepositories } from './user-repositories.js';

const shipped = shippedRepositories();
const bookworm = shipped.find((one) => repositoryId(one) === 'debian:bookworm');

/** A description like Debian 12's, under another name, in which one thing tells it from others. */
const description = (distribution: string, name: string, image = 'x') =>
  stringify({ ...bookworm, distribution, name, image });

const nowhere = join(temporaryDirectory(), 'nothing');
const ids = (all: Awaited<ReturnType<typeof withUserRepositories>>) => all.map(repositoryId);

describe('repositoryDirectory', () => {
  it.each([
    ['/xdg', '/xdg/kbuild-ts/repositories'],
    ['', join(homedir(), '.config/kbuild-ts/repositories')],
    // The specification has relative ones ignored.
    ['relative', join(homedir(), '.config/kbuild-ts/repositories')],
  ])('is for XDG_CONFIG_HOME=%j %s', (xdg, expected) => {
    expect(repositoryDirectory({ XDG_CONFIG_HOME: xdg })).toBe(expected);
  });

  it('is below the home where nothing is said', () => {
    expect(repositoryDirectory({})).toBe(join(homedir(), '.config/kbuild-ts/repositories'));
  });
});

describe('withUserRepositories', () => {
  it("are the package's where the user has none", async () => {
    expect(await withUserRepositories([], shipped, nowhere)).toEqual(shipped);
  });

  it('are those that are given, those that the user keeps, then the package’s', async () => {
    const kept = temporaryDirectory({
      'b.yaml': description('kept', 'b'),
      'a.yaml': description('kept', 'a'),
      'notes.txt': 'no description',
      'vendor.asc': 'a key',
    });
    const given = join(temporaryDirectory({ 'x.yml': description('given', 'x') }), 'x.yml');
    const all = await withUserRepositories([given], shipped, kept);
    expect(ids(all)).toEqual(['given:x', 'kept:a', 'kept:b', ...shipped.map(repositoryId)]);
  });

  it('are of two that are called alike the first', async () => {
    const files = temporaryDirectory({
      '1.yaml': description('acme', 'x', 'one'),
      '2.yaml': description('acme', 'x', 'two'),
      'kept/3.yaml': description('acme', 'x', 'three'),
      'kept/4.yaml': description('debian', 'bookworm', 'four'),
    });
    const given = ['1.yaml', '2.yaml'].map((name) => join(files, name));
    const all = await withUserRepositories(given, shipped, join(files, 'kept'));
    const images = all.map((one) => [repositoryId(one), one.image]);
    expect(images).toContainEqual(['acme:x', 'one']);
    expect(images).toContainEqual(['debian:bookworm', 'four']);
    expect(all).toHaveLength(shipped.length + 1);
  });

  it('find their keys beside the file', async () => {
    const text = stringify({
      ...bookworm,
      distribution: 'acme',
      sources: 'Types: deb',
      keys: ['k.asc'],
    });
    const kept = temporaryDirectory({ 'acme.yaml': text, 'k.asc': 'a key' });
    const [first] = await withUserRepositories([], shipped, kept);
    expect(first?.keys).toEqual([join(kept, 'k.asc')]);
  });

  it.each([
    ['a file that is not there', 'nothing.yaml', 'ENOENT'],
    ['a directory', '.', 'is no file'],
  ])('refuses %s, by its name', async (_, name, why) => {
    const file = join(temporaryDirectory(), name);
    const error = await kbuildErrorOf(() => withUserRepositories([file], shipped, nowhere));
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(error.message).toContain(file);
    expect(error.message).toContain(why);
  });

  it('refuses a wrong one among those that the user keeps, by its name', async () => {
    const kept = temporaryDirectory({ 'wrong.yaml': 'manager: apt\n' });
    const error = await kbuildErrorOf(() => withUserRepositories([], shipped, kept));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(join(kept, 'wrong.yaml'));
  });
});
