import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { checkOutput, outputFailed } from './check-output.js';

describe('checkOutput', () => {
  it('has nothing against a directory that can be written, and leaves it as it is', () => {
    const output = temporaryDirectory({ 'a.ko': '' });
    checkOutput(output);
    expect(readdirSync(output)).toEqual(['a.ko']);
  });

  it('has nothing against one that can be made, and does not leave it behind', () => {
    const output = join(temporaryDirectory(), 'dist');
    checkOutput(output);
    expect(existsSync(output)).toBe(false);
  });

  it('refuses a file where the directory is to be', async () => {
    const output = join(temporaryDirectory({ dist: 'a file' }), 'dist');
    const error = await kbuildErrorOf(() => {
      checkOutput(output);
    });
    expect(error.code).toBe('STORAGE_FAILED');
    expect(error.message).toContain(output);
    expect(error.hint).toContain('--out');
  });

  it('refuses a directory below a file', async () => {
    const output = join(temporaryDirectory({ dist: 'a file' }), 'dist/deeper');
    const error = await kbuildErrorOf(() => {
      checkOutput(output);
    });
    expect(error.code).toBe('STORAGE_FAILED');
  });
});

describe('outputFailed', () => {
  it('says what the system said, and keeps it', () => {
    const cause = new Error('ENOSPC: no space left on device');
    const error = outputFailed('/out', cause);
    expect(error.message).toBe(
      'the output directory /out cannot be written: ENOSPC: no space left on device',
    );
    expect(error.cause).toBe(cause);
    expect(error.exitStatus).toBe(4);
  });
});
