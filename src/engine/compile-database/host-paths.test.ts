import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectAt } from '../../../test/support/job-values.js';
import { temporaryDirectory, type FileTree } from '../../../test/support/temporary-directory.js';
import { hostLayout } from '../../plan/layout.js';
import { hostPaths } from './host-paths.js';

/** Two packages of headers as a cache has them, each below a root of its own. */
function kernel(generic: FileTree, common: FileTree) {
  const roots = [temporaryDirectory(generic), temporaryDirectory(common)] as const;
  const kdir = kdirOf('x86_64', {
    path: '/usr/src/headers-generic',
    mounts: [
      { source: roots[0], target: '/usr/src/headers-generic' },
      { source: roots[1], target: '/usr/src/headers' },
    ],
  });
  return { generic: roots[0], common: roots[1], kdir };
}

describe('hostPaths', () => {
  const directory = temporaryDirectory({ Kbuild: '', 'a.c': '', 'lib/b.h': '' });
  const { generic, common, kdir } = kernel(
    {
      'include/generated/autoconf.h': '',
      'include/acpi': { link: '../../headers/include/acpi' },
      'include/linux': { link: '/usr/src/headers/include/linux' },
      'include/gone': { link: '../../none/include/gone' },
      Makefile: '',
    },
    { 'include/linux/module.h': '', 'include/acpi/acpi.h': '' },
  );
  const job = jobOf(projectAt(directory), kdir);
  const { placement } = job.source;
  const paths = hostPaths(job);

  it('finds the files of the project, where they lie or would lie', () => {
    expect(paths.find(`/build/${placement}/lib/b.h`)).toBe(join(directory, 'lib/b.h'));
    expect(paths.find(`/build/${placement}/lib/../a.c`)).toBe(join(directory, 'a.c'));
    expect(paths.find(`/build/${placement}`)).toBe(directory);
    expect(paths.find(`/build/${placement}/made.h`)).toBeUndefined();
    expect(paths.findOwn(`/build/${placement}/made.h`)).toBe(join(directory, 'made.h'));
    expect(paths.findOwn(`/build/${placement}x/a.c`)).toBeUndefined();
    expect(paths.findOwn('/usr/src/headers/include')).toBeUndefined();
  });

  it("finds the kernel's files, by links that lead nowhere on this machine", () => {
    expect(paths.find('/usr/src/headers-generic/Makefile')).toBe(join(generic, 'Makefile'));
    expect(paths.find('/usr/src/headers-generic/include/linux/module.h')).toBe(
      join(common, 'include/linux/module.h'),
    );
    expect(paths.find('/usr/src/headers-generic/include/gone')).toBeUndefined();
    expect(paths.find('/usr/src/other')).toBeUndefined();
  });

  it('finds all directories that one for headers stands for', () => {
    expect(paths.findIncludes('/usr/src/headers-generic/include')).toEqual([
      join(generic, 'include'),
      join(common, 'include'),
    ]);
    expect(paths.findIncludes('/usr/src/headers/include')).toEqual([join(common, 'include')]);
    expect(paths.findIncludes('/usr/src/none')).toEqual([]);
  });

  it('does not take what lies in the image for what lies here', () => {
    expect(paths.find('/usr/bin/env')).toBeUndefined();
    const scratch = temporaryDirectory();
    const onHost = hostPaths(job, hostLayout(scratch));
    expect(onHost.find('/usr/bin/env')).toBe('/usr/bin/env');
    expect(onHost.find(`${scratch}/build/${placement}/a.c`)).toBe(join(directory, 'a.c'));
  });

  it('rewrites paths in a text, and nothing else', () => {
    const rewritten = (text: string) =>
      paths.rewrite(text).replaceAll(directory, 'HERE').replaceAll(common, 'KERNEL');
    expect(rewritten(`-DX="/build/${placement}/lib"`)).toBe('-DX="HERE/lib"');
    expect(rewritten(`-DX=</build/${placement}/lib/b.h>`)).toBe('-DX=<HERE/lib/b.h>');
    expect(rewritten('-DX=/usr/src/headers/include')).toBe('-DX=KERNEL/include');
    for (const text of [
      '-DX=a/build/b',
      '-DX=/elsewhere/x',
      '-DX=1/2',
      `-DX=/build/${placement}x`,
      '-DX',
    ]) {
      expect(paths.rewrite(text)).toBe(text);
    }
  });
});
