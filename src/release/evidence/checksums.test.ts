import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { checksums } from './checksums.js';

const names = ['b', 'a/z', 'a.txt', 'B', 'with space', 'back\\slash', 'line\nbreak', 'ü'];
const tree = Object.fromEntries(names.map((name) => [name, `content of ${name}`]));
const files = names.map((path) => ({ path, bytes: Buffer.from(`content of ${path}`) }));

describe('checksums', () => {
  const sha256sum = (cwd: string, ...args: string[]) =>
    execFileSync('sha256sum', args, { cwd, encoding: 'utf8', stdio: 'pipe' });

  it('are what sha256sum prints, sorted, whatever the names', () => {
    const directory = temporaryDirectory(tree);
    expect(checksums(files)).toBe(sha256sum(directory, ...[...names].sort()));
  });

  it('are checked by sha256sum -c, which finds a changed file', () => {
    const directory = temporaryDirectory(tree);
    writeFileSync(join(directory, 'SHA256SUMS'), checksums(files));
    expect(sha256sum(directory, '-c', '--strict', 'SHA256SUMS').match(/OK$/gm)).toHaveLength(8);
    writeFileSync(join(directory, 'a/z'), 'content of A');
    expect(() => sha256sum(directory, '-c', 'SHA256SUMS')).toThrow(
      '1 computed checksum did NOT match',
    );
  });
});
