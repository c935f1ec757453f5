import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elfShapes, modinfoSection, writeElf } from '../../../test/support/elf-writer.js';
import { fixtureModule, fixtureModules } from '../../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { readElf } from '../../module/elf.js';
import { compareModinfo, compareModules } from './compare-modules.js';
import { firstDifference } from './first-difference.js';

const text = { name: '.text', data: Buffer.from('the code of a module') };

/** A copy with one byte that is another. */
function changed(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0xff;
  return copy;
}

describe('compareModules', () => {
  it.each(fixtureModules)('finds nothing between %s and itself', (name) => {
    expect(compareModules(fixtureModule(name), Buffer.from(fixtureModule(name)))).toEqual([]);
  });

  it.each(fixtureModules)('finds in %s each section in which a byte was changed', (name) => {
    const bytes = fixtureModule(name);
    const { sections } = readElf(bytes);
    for (const section of sections.slice(1)) {
      const { offset, size, type } = section;
      // The names of sections tell which is which; without bytes there is nothing to change.
      if (size === 0 || type === 8 || section.name === '.shstrtab') continue;
      const first = size - 1;
      const place = { offset, size };
      const found = compareModules(bytes, changed(bytes, offset + first));
      expect(found[0]).toEqual({
        ...{ part: 'section', name: section.name },
        ...{ was: place, now: place, first },
      });
      expect(found.slice(1).every(({ part }) => part === 'modinfo')).toBe(true);
    }
  });

  it.each(elfShapes)('says what came, went and grew: %j', (shape) => {
    const was = writeElf({
      ...shape,
      sections: [text, { name: '.gone', data: Buffer.of(1) }, modinfoSection('license=GPL', 'a=1')],
    });
    const now = writeElf({
      ...shape,
      sections: [
        { name: '.text', data: Buffer.from('the code of a module that has grown') },
        { name: '.new', data: Buffer.of(1, 2) },
        modinfoSection('license=GPL', 'a=2', 'a=3'),
      ],
    });
    const start = shape.class === 64 ? 64 : 52;
    expect(compareModules(was, now)).toEqual([
      {
        ...{ part: 'section', name: '.text', first: 20 },
        was: { offset: start, size: 20 },
        now: { offset: start, size: 35 },
      },
      { part: 'section', name: '.gone', was: { offset: start + 20, size: 1 }, now: null },
      expect.objectContaining({ part: 'section', name: '.modinfo' }),
      expect.objectContaining({ part: 'section', name: '.shstrtab' }),
      { part: 'section', name: '.new', was: null, now: { offset: start + 35, size: 2 } },
      { part: 'modinfo', tag: 'a', was: ['1'], now: ['2', '3'] },
    ]);
  });

  it('holds sections of one name against each other in their order', () => {
    const second = (data: string) =>
      writeElf({
        ...elfShapes[0]!,
        sections: [text, { name: '.text', data: Buffer.from(data) }],
      });
    expect(compareModules(second('one'), second('onE'))).toMatchObject([
      { part: 'section', name: '.text', first: 2, was: { offset: 64 + 20 } },
    ]);
  });

  it('takes a section that only moved for equal, and .bss by its size', () => {
    const bss = (size: number) => ({ name: '.bss', type: 8, size });
    const make = (...sections: Parameters<typeof writeElf>[0]['sections']) =>
      writeElf({ ...elfShapes[0]!, sections });
    const found = compareModules(
      make({ name: '.a', data: Buffer.of(1) }, text, bss(8)),
      make({ name: '.a', data: Buffer.of(1, 2) }, text, bss(16)),
    );
    expect(found.map((one) => 'name' in one && one.name)).toEqual(['.a', '.bss']);
  });

  it('tells of what lies in no section', () => {
    const bytes = fixtureModule('params-x86_64');
    const flags = 48; // e_flags (elf(5))
    expect(compareModules(bytes, changed(bytes, flags))).toEqual([
      { part: 'headers', first: flags },
    ]);
    const longer = Buffer.concat([bytes, Buffer.of(0)]);
    expect(compareModules(bytes, longer)).toEqual([{ part: 'headers', first: bytes.length }]);
  });

  it('says of what is no module why it is none', () => {
    const bytes = fixtureModule('params-x86_64');
    for (const other of [Buffer.alloc(0), Buffer.from('text'), bytes.subarray(0, 5000)]) {
      for (const pair of [
        [other, bytes],
        [bytes, other],
      ] as const) {
        expect(compareModules(...pair)).toEqual([
          { part: 'unreadable', why: expect.stringMatching(/ELF|truncated/) },
        ]);
      }
    }
  });
});

describe('compareModinfo', () => {
  it('is not misled by tags that objects have, nor by the order of tags', () => {
    const tags = (entries: [string, string[]][]) => Object.fromEntries(entries);
    expect(compareModinfo(tags([['constructor', ['x']]]), {})).toEqual([
      { part: 'modinfo', tag: 'constructor', was: ['x'], now: [] },
    ]);
    const [one, other]: [string, string[]][] = [
      ['a', ['1']],
      ['b', ['2']],
    ];
    expect(compareModinfo(tags([one!, other!]), tags([other!, one!]))).toEqual([]);
  });
});

describe('firstDifference', () => {
  it('finds the byte that cmp finds', () => {
    const directory = temporaryDirectory();
    const [one, other] = [join(directory, 'one'), join(directory, 'other')];
    const bytes = Buffer.alloc(200_000, 'abc');
    writeFileSync(one, bytes);
    for (const at of [0, 1, 65_535, 65_536, 65_537, 131_072, 199_999]) {
      const copy = changed(bytes, at);
      writeFileSync(other, copy);
      const { status, stdout } = spawnSync('cmp', [one, other], { encoding: 'utf8' });
      expect(status).toBe(1);
      expect(firstDifference(bytes, copy)).toBe(Number(/byte (\d+)/.exec(stdout)?.[1]) - 1);
    }
    expect(firstDifference(bytes, Buffer.from(bytes))).toBeUndefined();
    expect(firstDifference(bytes, bytes.subarray(0, 70_000))).toBe(70_000);
    expect(firstDifference(Buffer.alloc(0), bytes)).toBe(0);
  });
});
