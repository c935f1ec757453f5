import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { findConfig } from './find-config.js';

describe('findConfig', () => {
  it.each(['yaml', 'yml', 'json', 'ts', 'mjs'])('finds kbuild.config.%s', (end) => {
    const directory = temporaryDirectory({ [`kbuild.config.${end}`]: '' });
    expect(findConfig(directory)).toBe(join(directory, `kbuild.config.${end}`));
  });

  it('prefers data to programs where there are both', () => {
    const directory = temporaryDirectory({ 'kbuild.config.ts': '', 'kbuild.config.yaml': '' });
    expect(findConfig(directory)).toBe(join(directory, 'kbuild.config.yaml'));
  });

  it('finds none in a directory without, nor in one that does not exist', () => {
    const directory = temporaryDirectory({
      'kbuild.config.toml': '',
      'sub/kbuild.config.yaml': '',
    });
    expect(findConfig(directory)).toBeUndefined();
    expect(findConfig(join(directory, 'nothing'))).toBeUndefined();
  });
});
