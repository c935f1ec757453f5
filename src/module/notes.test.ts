import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  elfShapes,
  integers,
  writeElf,
  type ElfShape,
  type SectionContent,
} from '../../test/support/elf-writer.js';
import {
  fixtureModule,
  fixtureModulePath,
  fixtureModules,
} from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readElf } from './elf.js';
import { buildId } from './notes.js';

/** The build id that binutils' readelf prints. */
function readelfBuildId(path: string): string | undefined {
  const output = execFileSync('readelf', ['-n', path], { encoding: 'utf8' });
  return /Build ID: ([0-9a-f]+)/.exec(output)?.[1];
}

interface NoteContent {
  owner: string;
  type: number;
  content: Uint8Array;
}

/** A section of notes: the owner with its NUL, and the content, are padded to 4 bytes. */
function noteSection(
  shape: ElfShape,
  section: string,
  notes: readonly NoteContent[],
): SectionContent {
  const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const parts = notes.flatMap(({ owner, type, content }) => {
    const text = Buffer.from(`${owner}\0`);
    const header = integers(shape, [text.length, content.length, type]);
    return [header, padded(text), padded(content)];
  });
  return { name: section, type: 7, data: Buffer.concat(parts) };
}

const name = '.note.gnu.build-id';
const little: ElfShape = { class: 64, endian: 'little' };
const idOf = (shape: ElfShape, section: SectionContent) =>
  buildId(readElf(writeElf({ ...shape, sections: [section] })));

const id = Buffer.from('0123456789abcdef0123456789abcdef01234567', 'hex');
const gnu: NoteContent = { owner: 'GNU', type: 3, content: id };
const hex = id.toString('hex');

describe('buildId', () => {
  it.each(fixtureModules)('gives for %s what readelf gives', (module) => {
    const expected = readelfBuildId(fixtureModulePath(module));
    expect(expected).toMatch(/^[0-9a-f]{40}$/);
    expect(buildId(readElf(fixtureModule(module)))).toBe(expected);
  });

  it.each(elfShapes)('gives what readelf gives ($class-bit, $endian)', (shape) => {
    const others = [
      { owner: 'Linux', type: 3, content: Buffer.from('odd') },
      { owner: 'GNU', type: 1, content: Buffer.alloc(16, 1) },
      { owner: 'Other', type: 3, content: Buffer.alloc(5, 2) },
    ];
    const bytes = writeElf({ ...shape, sections: [noteSection(shape, name, [...others, gnu])] });
    const path = join(temporaryDirectory({ 'x.ko': bytes }), 'x.ko');
    expect(buildId(readElf(bytes))).toBe(hex);
    expect(readelfBuildId(path)).toBe(hex);
  });

  it.each([
    ['another owner', [{ ...gnu, owner: 'GNV' }]],
    ['an owner that begins alike', [{ ...gnu, owner: 'GNU2' }]],
    ['another type', [{ ...gnu, type: 5 }]],
    ['no notes', []],
  ])('finds none in %s', (_, notes) => {
    expect(idOf(little, noteSection(little, name, notes))).toBeUndefined();
  });

  it('takes the first of two', () => {
    const second = { ...gnu, content: Buffer.alloc(20, 9) };
    expect(idOf(little, noteSection(little, name, [gnu, second]))).toBe(hex);
  });

  it.each([1, 2, 3, 16, 21])('takes an id of %i bytes without its padding', (length) => {
    const content = Buffer.alloc(length, 0xab);
    expect(idOf(little, noteSection(little, name, [{ ...gnu, content }]))).toBe(
      'ab'.repeat(length),
    );
  });

  it('finds none in a file that has no such section', () => {
    expect(idOf(little, noteSection(little, '.note.Linux', [gnu]))).toBeUndefined();
  });

  it.each([
    ['a name longer than the section', [0xffffffff, 4, 3]],
    ['a content longer than the section', [4, 0xffffffff, 3]],
    ['both', [0xffffffff, 0xffffffff, 3]],
    ['half a header', [4, 20]],
    ['nothing but zeros', [0, 0, 0, 0, 0, 0]],
  ])('finds none where a note claims %s', (_, words) => {
    expect(idOf(little, { name, data: integers(little, words) })).toBeUndefined();
  });

  it('refuses a section of notes that lies beyond the end of the file', async () => {
    const section = { ...noteSection(little, name, [gnu]), size: 2 ** 40 };
    expect((await kbuildErrorOf(() => idOf(little, section))).code).toBe('MODULE_TRUNCATED');
  });
});
