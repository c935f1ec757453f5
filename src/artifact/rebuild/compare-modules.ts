import { KbuildError } from '../../errors/kbuild-error.js';
import { readElf, sectionBytes, type Elf } from '../../module/elf.js';
import { parseModinfo, type Modinfo } from '../../module/modinfo.js';
import { compareSections } from './compare-sections.js';
import { firstDifference } from './first-difference.js';
import type { Difference } from './report-schema.js';

/**
 * Where two modules differ, signatures taken off: by section, and of `.modinfo` by tag. What lies in
 * no section (headers, what is between sections) is told where it alone differs.
 * @returns nothing if all bytes are equal
 */
export function compareModules(was: Uint8Array, now: Uint8Array): Difference[] {
  const first = firstDifference(was, now);
  if (first === undefined) return [];
  try {
    const [before, after] = [readElf(was), readElf(now)];
    const sections: Difference[] = compareSections(before, after);
    if (sections.length === 0) return [{ part: 'headers', first }];
    return [...sections, ...compareModinfo(modinfoOf(before), modinfoOf(after))];
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    return [{ part: 'unreadable', why: error.message }];
  }
}

/** In which tags two `.modinfo` sections differ; the order of their tags is none of them. */
export function compareModinfo(was: Modinfo, now: Modinfo): Difference[] {
  const tags = new Set([...Object.keys(was), ...Object.keys(now)]);
  return [...tags].flatMap((tag) => {
    const sides = { was: valuesOf(was, tag), now: valuesOf(now, tag) };
    const isEqual = JSON.stringify(sides.was) === JSON.stringify(sides.now);
    return isEqual ? [] : { part: 'modinfo', tag, ...sides };
  });
}

const valuesOf = (modinfo: Modinfo, tag: string): string[] =>
  Object.hasOwn(modinfo, tag) ? (modinfo[tag] ?? []) : [];

function modinfoOf(elf: Elf): Modinfo {
  const section = sectionBytes(elf, '.modinfo');
  return section === undefined ? {} : parseModinfo(section);
}
