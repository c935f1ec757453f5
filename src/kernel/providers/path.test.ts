import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { healthyKdir } from '../../../test/support/healthy-kdir.js';
import { kdirAt } from '../../../test/support/kdir-at.js';
import { debianHeaders, release } from '../../../test/support/kdir-tree.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { pathProvider } from './path.js';
import type { ProviderContext } from './port.js';

const context = {} as ProviderContext; // a path needs none of it

const ref = (path: string) => ({ provider: 'path', path }) as const;

describe('pathProvider', () => {
  it('gives the KDIR at a path, for whatever archs', async () => {
    const path = kdirAt(healthyKdir());
    const [resolution] = await pathProvider.resolve(ref(path), [], context);
    expect(resolution).toMatchObject({ ref: path, kdir: { path, release, arch: 'arm64' } });
    expect(await pathProvider.list(ref(path), [], context)).toEqual([
      { ref: path, release, arch: 'arm64', stock: false, fetched: true },
    ]);
  });

  it('reads unpacked packages by the paths that they expect', async () => {
    const { headers, common, kbuild, kdir } = debianHeaders;
    const root = temporaryDirectory({ ...headers, ...common, ...kbuild });
    const [resolution] = await pathProvider.resolve(ref(join(root, kdir)), [], context);
    expect(resolution).toMatchObject({ ref: join(root, kdir), kdir: { path: kdir } });
  });

  it('tells of a broken one what can be told, with the error that stops a plan', async () => {
    const path = kdirAt(healthyKdir());
    rmSync(join(path, 'Module.symvers'));
    const [resolution] = await pathProvider.resolve(ref(path), [], context);
    expect(resolution).toMatchObject({
      release,
      arch: 'arm64',
      error: { code: 'KDIR_NO_SYMVERS' },
    });
    rmSync(join(path, '.config'));
    const error = await kbuildErrorOf(() => pathProvider.list(ref(path), [], context));
    expect(error.code).toBe('KDIR_NOT_CONFIGURED');
  });
});
