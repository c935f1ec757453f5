import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectOf } from '../../test/support/job-values.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { hostLayout } from './layout.js';
import { recordsRecipe } from './records-recipe.js';

describe('recordsRecipe', () => {
  it('gives the records of objects in place of modules, also where make fails', () => {
    const scratch = temporaryDirectory({
      'src/hello/keep': '',
      'build/keep': '',
      // A make that does what a build would do: leaves files, says something, and fails.
      'bin/make': {
        program:
          '#!/bin/sh\necho said; echo "$MAKEFLAGS" > "$BUILD/hello/flags"\nfor f in .a.o.cmd .a.ko.cmd a.o a.ko; do echo $f > "$BUILD/hello/$f"; done\nexit 2\n',
      },
    });
    const job = jobOf(projectOf(), kdirOf('x86_64'));
    const layout = hostLayout(scratch);
    const { script, env, root } = recordsRecipe(job, 2, layout);
    expect(root).toBe(layout.build);
    const archive = join(scratch, 'archive.tar');
    const run = `(${script}\n) > '${archive}'; echo status $?`;
    const said = execFileSync('sh', ['-c', run], {
      encoding: 'utf8',
      env: { ...env, BUILD: layout.build, PATH: `${scratch}/bin:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(said).toBe('status 2\n');
    const names = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' });
    expect(names).toBe('./hello/.a.o.cmd\n');
    expect(existsSync(join(layout.build, 'hello/flags'))).toBe(true);
    expect(env).toMatchObject({ ...job.env, MAKEFLAGS: 'k' });
  });
});
