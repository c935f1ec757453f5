import { sectionReader, SHT_NOBITS, type Elf, type ElfSection } from '../../module/elf.js';
import { firstDifference } from './first-difference.js';
import type { Difference } from './report-schema.js';

type SectionDifference = Extract<Difference, { part: 'section' }>;

/**
 * In which sections two ELF files differ, in the order of the first one, those that it lacks last.
 * Where in the file a section lies is no difference of its own. Sections of one name are taken in order.
 * @throws KbuildError MODULE_*
 */
export function compareSections(was: Elf, now: Elf): SectionDifference[] {
  const [before, after] = [bySectionName(was), bySectionName(now)];
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key) => {
    const [one, other] = [before.get(key), after.get(key)];
    const sides = { was: placeOf(one), now: placeOf(other) };
    const name = (one ?? other)?.name ?? '';
    if (one === undefined || other === undefined) return { part: 'section', name, ...sides };
    const first = firstInSection(was, one, now, other);
    return first === undefined ? [] : { part: 'section', name, ...sides, first };
  });
}

function bySectionName({ sections }: Elf): Map<string, ElfSection> {
  const counts = new Map<string, number>();
  const named = new Map<string, ElfSection>();
  for (const section of sections.slice(1)) {
    const count = counts.get(section.name) ?? 0;
    counts.set(section.name, count + 1);
    named.set(`${section.name}\0${count}`, section);
  }
  return named;
}

const placeOf = (section: ElfSection | undefined): SectionDifference['was'] =>
  section === undefined ? null : { offset: section.offset, size: section.size };

/** Where two sections begin to differ. One without bytes in the file (.bss) has its size alone. */
function firstInSection(
  was: Elf,
  one: ElfSection,
  now: Elf,
  other: ElfSection,
): number | undefined {
  if (one.type !== other.type) return 0;
  if (one.type === SHT_NOBITS) {
    return one.size === other.size ? undefined : Math.min(one.size, other.size);
  }
  return firstDifference(sectionReader(was, one).bytes, sectionReader(now, other).bytes);
}
