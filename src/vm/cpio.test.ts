import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { cpioArchive } from './cpio.js';

describe('cpioArchive', () => {
  const content = Buffer.from('odd length');
  const archive = cpioArchive([
    { path: 'dev', kind: 'directory', permissions: 0o755 },
    { path: 'dev/console', kind: 'character device', permissions: 0o600, major: 5, minor: 1 },
    { path: 'bin', kind: 'directory', permissions: 0o750 },
    { path: 'bin/busybox', kind: 'file', permissions: 0o755, content },
    { path: 'empty', kind: 'file', permissions: 0o644, content: new Uint8Array() },
    { path: 'bin/sh', kind: 'link', target: 'busybox' },
  ]);

  it('is what cpio unpacks', () => {
    const directory = temporaryDirectory();
    execFileSync('cpio', ['--extract', '--quiet', '--preserve-modification-time'], {
      cwd: directory,
      input: archive,
    });
    const stat = (path: string) => lstatSync(join(directory, path));
    expect(readFileSync(join(directory, 'bin/busybox'))).toEqual(content);
    expect(stat('bin/busybox').mode).toBe(0o100755);
    expect(stat('bin').mode).toBe(0o040750);
    expect(stat('empty').size).toBe(0);
    expect(readlinkSync(join(directory, 'bin/sh'))).toBe('busybox');
    expect(stat('empty').mtimeMs).toBe(0);
  });

  it('has device nodes, as cpio lists them', () => {
    const list = execFileSync('cpio', ['--list', '--verbose', '--quiet'], { input: archive });
    expect(list.toString()).toMatch(/^crw------- +1 root +root +5, +1 Jan +1 +1970 dev\/console$/m);
  });

  it('gives the same bytes for the same files', () => {
    const file = { path: 'a', kind: 'file', permissions: 0o644, content } as const;
    expect(cpioArchive([file])).toEqual(cpioArchive([{ ...file }]));
  });
});
