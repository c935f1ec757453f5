import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { loadProjects } from './load-projects.js';
import { speaksOfModules } from './project-signs.js';

describe('speaksOfModules', () => {
  it('is asked of a Makefile of any shape in no time', () => {
    for (const Makefile of ['\n'.repeat(2 ** 20 - 1), 'modules\n'.repeat(10_000)]) {
      expect(speaksOfModules(temporaryDirectory({ Makefile }))).toBe(false);
    }
  });

  it.each(['Makefile', 'dkms.conf'])('does not wait for a %s that is a pipe', async (name) => {
    const directory = temporaryDirectory({ 'a.c': 'MODULE_LICENSE("GPL");\n' });
    execFileSync('mkfifo', [join(directory, name)]);
    const error = await kbuildErrorOf(() => loadProjects(directory));
    expect(error.code).toBe(name === 'Makefile' ? 'CONFIG_INVALID' : 'DKMS_CONF_INVALID');
    expect(error.message).toContain(`${name} is no regular file`);
  });
});
