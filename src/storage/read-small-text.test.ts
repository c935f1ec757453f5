import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readSmallText } from './read-small-text.js';

describe('readSmallText', () => {
  const directory = temporaryDirectory({
    text: 'x\n',
    full: 'x'.repeat(2 ** 20),
    large: 'x'.repeat(2 ** 20 + 1),
    'directory/x': '',
    link: { link: 'text' },
    dangling: { link: 'nowhere' },
  });
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  symlinkSync('/dev/zero', join(directory, 'device'));

  it('reads a file, also where a link leads to it', () => {
    expect(readSmallText(join(directory, 'text'), 'CONFIG_INVALID')).toBe('x\n');
    expect(readSmallText(join(directory, 'link'), 'CONFIG_INVALID')).toBe('x\n');
    expect(readSmallText(join(directory, 'full'), 'CONFIG_INVALID')).toHaveLength(2 ** 20);
  });

  it.each([
    ['pipe', 'is no regular file'],
    ['device', 'is no regular file'],
    ['directory', 'is no regular file'],
    ['large', 'has 1048577 bytes'],
  ])('refuses what would not end, or is no text: %s', async (name, why) => {
    const error = await kbuildErrorOf(() => readSmallText(join(directory, name), 'CONFIG_INVALID'));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`${directory}/${name} ${why}`);
  });

  it('says so where a file cannot be read', async () => {
    const file = join(directory, 'dangling');
    const error = await kbuildErrorOf(() => readSmallText(file, 'DKMS_CONF_INVALID'));
    expect(error.code).toBe('FILE_UNREADABLE');
  });
});
