import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { hostIdentity } from './owner.js';
import { claim, release } from './claim.js';
import { reapLeftovers } from './leftovers.js';

describe('reapLeftovers', () => {
  it('removes what the dead left unfinished, and nothing else', async () => {
    const parent = temporaryDirectory({
      '.dead/owner': `${deadProcess()}:12345:${hostIdentity()}`,
      '.dead/root/usr/file': '',
      '.elsewhere/owner': `${deadProcess()}:12345:another`,
      '.old/root/file': '',
      '.new/root/file': '',
      'finished/owner': `${deadProcess()}:12345:${hostIdentity()}`,
    });
    mkdirSync(join(parent, '.mine'));
    await claim(join(parent, '.mine'));
    utimesSync(join(parent, '.old'), 1, 1);
    await reapLeftovers(parent);
    expect(readdirSync(parent).sort()).toEqual(['.elsewhere', '.mine', '.new', 'finished']);
    await release(join(parent, '.mine'));
    expect(readdirSync(join(parent, '.mine'))).toEqual([]);
  });

  it('is at ease where there is nothing, or something else', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await reapLeftovers(join(directory, 'nothing'));
    await reapLeftovers(join(directory, 'file'));
    expect(readdirSync(directory)).toEqual(['file']);
  });
});
