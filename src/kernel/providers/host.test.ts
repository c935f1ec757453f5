import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { hostProvider } from './host.js';
import { parseSelector } from '../selector.js';
import type { ProviderContext } from './port.js';

const context = {} as ProviderContext; // what this machine has needs none of it

/** The kernels whose headers are installed, as a shell finds them. */
const installed = execFileSync('sh', [
  '-c',
  'for link in /lib/modules/*/build/.config; do [ -e "$link" ] && echo "$link" | cut -d/ -f4; done; true',
])
  .toString()
  .split('\n')
  .filter(Boolean);

describe('hostProvider', () => {
  it('lists every kernel whose headers are installed', async () => {
    const listings = await hostProvider.list({ provider: 'host' }, [], context);
    expect(listings.map((listing) => listing.release).sort()).toEqual([...installed].sort());
    for (const { ref } of listings) expect(ref).toMatch(/^host(\/|$)/);
  });

  it('gives those that a selector names, and says so where there are none', async () => {
    const selector = parseSelector('*', 'host/*');
    const resolve = () => hostProvider.resolve({ provider: 'host', selector }, [], context);
    const found =
      installed.length > 0
        ? (await resolve()).map(({ ref }) => ref)
        : [(await kbuildErrorOf(resolve)).code];
    const wanted = installed.map((name) => (name === release() ? 'host' : `host/${name}`));
    expect(found.sort()).toEqual(installed.length > 0 ? wanted.sort() : ['KDIR_NOT_FOUND']);
  });

  it('says what is installed where nothing matches', async () => {
    const selector = parseSelector('0.0-none', 'host/0.0-none');
    const error = await kbuildErrorOf(async () =>
      hostProvider.resolve({ provider: 'host', selector }, [], context),
    );
    expect(error.code).toBe('KDIR_NOT_FOUND');
    expect(error.message).toContain("'host/0.0-none'");
    for (const name of installed) expect(error.hint).toContain(name);
  });
});
