import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { BuildLog } from './build-log.js';
import { withFileErrors } from './file-errors.js';

describe('the log of a build', () => {
  it('has all lines, at once', () => {
    const path = join(temporaryDirectory(), 'x.log');
    const log = new BuildLog(path);
    log.add('  CC  init/main.o');
    log.add('größer');
    expect(spawnSync('cat', [path]).stdout.toString()).toBe('  CC  init/main.o\ngrößer\n');
    log.check();
    log.close();
  });

  it('ends where it is as long as it may be, and says so', () => {
    const path = join(temporaryDirectory(), 'x.log');
    const log = new BuildLog(path, 20);
    for (const line of ['0123456789', 'ääää', 'b', 'c']) log.add(line);
    log.check();
    log.close();
    expect(readFileSync(path, 'utf8')).toBe('0123456789\nääää\n(what follows is left out)\n');
  });

  it('survives a full disk, of which it tells when it is asked', async () => {
    const path = join(temporaryDirectory(), 'x.log');
    symlinkSync('/dev/full', path);
    const log = new BuildLog(path);
    log.add('a line');
    log.add('another');
    const asked = withFileErrors('/cache', () => {
      log.check();
      return Promise.resolve();
    });
    await expect(asked).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('ENOSPC') as string,
    });
    log.close();
  });
});
