import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { isCopyOf } from './same-content.js';

/** A file with this content, and another place beside it. */
function place(content: Uint8Array | string): [copy: string, original: string] {
  const directory = temporaryDirectory({ original: content });
  return [join(directory, 'copy'), join(directory, 'original')];
}

const large = Buffer.alloc(200_000, 'x');
/** The same but for one byte. */
const changedAt = (at: number): Buffer => {
  const bytes = Buffer.from(large);
  bytes[at] = 0;
  return bytes;
};

describe('isCopyOf', () => {
  it.each([
    ['nothing', ''],
    ['a little', 'abc'],
    ['just what is read at once', large.subarray(0, 2 ** 16)],
    ['much', large],
  ])('knows a copy of %s, as cmp does', (_, content) => {
    const [copy, original] = place(content);
    writeFileSync(copy, content);
    execFileSync('cmp', [copy, original]);
    expect(isCopyOf(copy, original)).toBe(true);
  });

  it.each([0, 2 ** 16 - 1, 2 ** 16, large.length - 1])('sees one byte changed at %i', (at) => {
    const [copy, original] = place(large);
    writeFileSync(copy, changedAt(at));
    expect(isCopyOf(copy, original)).toBe(false);
  });

  it.each([
    ['shorter', large.subarray(1)],
    ['longer', Buffer.concat([large, large])],
  ])('sees one that is %s', (_, content) => {
    const [copy, original] = place(large);
    writeFileSync(copy, content);
    expect(isCopyOf(copy, original)).toBe(false);
  });

  it('sees other permissions', () => {
    const [copy, original] = place('abc');
    writeFileSync(copy, 'abc');
    chmodSync(copy, 0o600);
    expect(isCopyOf(copy, original)).toBe(false);
  });

  it('takes nothing else for a copy: no link, no directory, no pipe, nothing', () => {
    const [copy, original] = place('abc');
    expect(isCopyOf(copy, original)).toBe(false);
    symlinkSync(original, copy);
    expect(isCopyOf(copy, original)).toBe(false);
    mkdirSync(`${copy}-directory`);
    expect(isCopyOf(`${copy}-directory`, original)).toBe(false);
    execFileSync('mkfifo', [`${copy}-pipe`]);
    expect(isCopyOf(`${copy}-pipe`, original)).toBe(false);
  });

  it('says what the system says where the other file cannot be read', () => {
    const [copy, original] = place('abc');
    writeFileSync(copy, 'abc');
    expect(() => isCopyOf(copy, `${original}-gone`)).toThrow(/ENOENT/);
  });
});
