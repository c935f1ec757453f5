import { execFileSync } from 'node:child_process';
import { rmSync, truncateSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kdirFiles, under } from '../../test/support/kdir-tree.js';
import { temporaryDirectory, writeTree } from '../../test/support/temporary-directory.js';
import { kdirClosure } from './closure.js';
import { treeFingerprint } from './fingerprint.js';

/** A KDIR, and its fingerprint as often as it is asked for. */
function kernelTree() {
  const directory = temporaryDirectory({
    ...under('kdir', kdirFiles()),
    'kdir/scripts/dtc': { link: 'basic' },
    'kdir/tools/objtool/objtool': 'a program',
  });
  const kdir = join(directory, 'kdir');
  return {
    directory,
    path: (name: string) => join(kdir, name),
    fingerprint: () => treeFingerprint(kdirClosure(['/'], kdir)),
  };
}

describe('treeFingerprint', () => {
  it('is a hash that stays as long as nothing changes', () => {
    const { fingerprint } = kernelTree();
    const first = fingerprint();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint()).toBe(first);
  });

  it.each([
    '.config',
    'Makefile',
    'Module.symvers',
    'include/linux/module.h',
    'include/generated/autoconf.h',
    'arch/arm64/Makefile',
    'arch/arm64/include/asm/page.h',
    'scripts/Makefile.build',
    'scripts/mod/modpost',
    'tools/objtool/objtool',
  ])('changes when %s changes', (name) => {
    const { path, fingerprint } = kernelTree();
    const before = fingerprint();
    writeFileSync(path(name), 'something else, of another size');
    expect(fingerprint()).not.toBe(before);
  });

  it.each(['.config', 'Makefile', 'Module.symvers'])(
    'changes with the content of %s alone, its size and time as before',
    (name) => {
      const { path, fingerprint } = kernelTree();
      const time = new Date(0);
      writeFileSync(path(name), 'CONFIG_A=y\n');
      utimesSync(path(name), time, time);
      const before = fingerprint();
      writeFileSync(path(name), 'CONFIG_A=m\n');
      utimesSync(path(name), time, time);
      expect(fingerprint()).not.toBe(before);
      writeFileSync(path(name), 'CONFIG_A=y\n');
      expect(fingerprint()).toBe(before);
    },
  );

  it('changes with the time of a header that kept its size', () => {
    const { path, fingerprint } = kernelTree();
    const before = fingerprint();
    utimesSync(path('include/linux/module.h'), new Date(0), new Date(1e12));
    expect(fingerprint()).not.toBe(before);
  });

  it('changes when a header comes, goes or is called otherwise', () => {
    const { path, fingerprint } = kernelTree();
    const before = fingerprint();
    writeFileSync(path('include/linux/new.h'), '');
    const more = fingerprint();
    expect(more).not.toBe(before);
    rmSync(path('include/linux/new.h'));
    expect(fingerprint()).toBe(before);
    rmSync(path('include/linux/module.h'));
    expect(fingerprint()).not.toBe(before);
  });

  it('changes when a link leads elsewhere', () => {
    const { path, fingerprint } = kernelTree();
    const before = fingerprint();
    unlinkSync(path('scripts/dtc'));
    symlinkSync('mod', path('scripts/dtc'));
    expect(fingerprint()).not.toBe(before);
  });

  it('stays when something changes that no build of a module reads', () => {
    const { path, fingerprint } = kernelTree();
    const before = fingerprint();
    writeFileSync(path('drivers/x.c'), 'something else');
    writeFileSync(path('drivers/x.o'), 'compiled');
    writeFileSync(path('System.map'), '');
    expect(fingerprint()).toBe(before);
  });

  it('changes with the parts of a KDIR that lie outside of it', () => {
    const directory = temporaryDirectory({
      'kdir/.config': '',
      'kdir/scripts': { link: '../kbuild/scripts' },
      'kbuild/scripts/mod/modpost': 'a program',
    });
    const fingerprint = () => treeFingerprint(kdirClosure(['/'], join(directory, 'kdir')));
    const before = fingerprint();
    writeTree(directory, { 'kbuild/scripts/mod/modpost': 'another program' });
    expect(fingerprint()).not.toBe(before);
  });

  it.each(['Module.symvers', 'Makefile', '.config'])(
    'changes with the file that a link %s leads to',
    (name) => {
      const directory = temporaryDirectory({
        'kdir/include/x.h': '',
        'kdir/arch/arm64/Makefile': '',
        [`kdir/${name}`]: { link: '../elsewhere/file' },
        'elsewhere/file': 'before\n',
      });
      const fingerprint = () => treeFingerprint(kdirClosure(['/'], join(directory, 'kdir')));
      const before = fingerprint();
      writeTree(directory, { 'elsewhere/file': 'something else\n' });
      expect(fingerprint()).not.toBe(before);
    },
  );

  it.each(['.kernelvariables', 'Makefile', '.config', 'Module.symvers', 'vmlinux'])(
    'waits for no pipe in the place of %s, and takes it for none',
    (name) => {
      const { path, fingerprint } = kernelTree();
      rmSync(path(name), { force: true });
      const before = fingerprint();
      execFileSync('mkfifo', [path(name)]);
      expect(fingerprint()).not.toBe(before);
    },
  );

  it('waits for no pipe or device that a mount is', () => {
    const directory = temporaryDirectory();
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    for (const source of [join(directory, 'pipe'), '/dev/zero']) {
      expect(treeFingerprint([{ source, target: '/x' }])).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('holds no file in memory that is larger than it could be', () => {
    const { path, fingerprint } = kernelTree();
    truncateSync(path('.config'), 3 * 2 ** 30);
    const before = fingerprint();
    truncateSync(path('.config'), 4 * 2 ** 30);
    expect(fingerprint()).not.toBe(before);
  });

  it('is another one for the same files at another place', () => {
    const [one, other] = [kernelTree(), kernelTree()];
    expect(one.fingerprint()).not.toBe(other.fingerprint());
  });
});
