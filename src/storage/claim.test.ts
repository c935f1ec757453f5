import { readFileSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { claim, claimOf, release } from './claim.js';
import { currentOwner, formatOwner, hostIdentity } from './owner.js';

const hour = 3_600_000; // milliseconds

/** A directory that says it is somebody's, and since when. */
function claimedBy(owner: string, hours = 0): string {
  const directory = temporaryDirectory({ owner });
  const time = new Date(Date.now() - hours * hour);
  utimesSync(join(directory, 'owner'), time, time);
  return directory;
}

describe('claim', () => {
  it('notes whose a directory is, until it is released', async () => {
    const directory = temporaryDirectory();
    expect(await claimOf(directory)).toBeUndefined();
    await claim(directory);
    expect(readFileSync(join(directory, 'owner'), 'utf8')).toBe(formatOwner(currentOwner()));
    expect(await claimOf(directory)).toEqual({ owner: currentOwner(), over: false });
    await release(directory);
    expect(await claimOf(directory)).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('claimOf', () => {
  it('tells that a process of this host is over at once, and that one is not, however old', async () => {
    const dead = claimedBy(`${deadProcess()}:12345:${hostIdentity()}`);
    expect((await claimOf(dead))?.over).toBe(true);
    const own = claimedBy(formatOwner(currentOwner()), 1000);
    expect((await claimOf(own))?.over).toBe(false);
  });

  it.each([
    [0, false],
    [47, false],
    [49, true],
  ])('takes a process of another host for over after two days: %i hours', async (hours, over) => {
    const directory = claimedBy('4194304:1:another-host', hours);
    expect(await claimOf(directory)).toEqual({
      owner: { pid: 4194304, started: '1', host: 'another-host' },
      over,
    });
  });

  it.each(['', 'what is this?', ':1:host'])('finds nobody in %j', async (text) => {
    expect(await claimOf(claimedBy(text))).toBeUndefined();
  });

  it('finds nobody where there is no directory, nor a file', async () => {
    expect(await claimOf('/no/such/directory')).toBeUndefined();
    expect(await claimOf(temporaryDirectory({ 'owner/x': '' }))).toBeUndefined();
  });
});
