import type { ExportedSymbol } from '../../src/module/exports.js';
import { SHN_ABS, SHN_UNDEF } from '../../src/module/relocations.js';
import {
  integers,
  relocationSection,
  symbolSections,
  writeElf,
  type ElfShape,
  type RelocationContent,
  type SectionContent,
  type SymbolContent,
} from './elf-writer.js';

/** How a kernel keeps its tables of exported symbols: by its architecture and its version. */
export interface ExportLayout extends ElfShape {
  /** Bytes of a field: a 32-bit offset to what it means, or a pointer. */
  width: 4 | 8;
  /** Linux before 5.4 had no namespaces: {value, name}. */
  fields: 2 | 3;
  form: 'rela' | 'rel';
  /** What relocations name: the string's own symbol, or its section with the place as addend. */
  by: 'symbol' | 'section';
  /** RISC-V writes a difference as two relocations: plus the target, minus the place. */
  pairs: boolean;
  machine: number;
  crcs: 'none' | 'numbers' | 'absolute' | 'places';
}

/** 64-bit and little-endian, as arm64 and x86_64 have it since Linux 5.19. */
export const prel32: ExportLayout = {
  ...{ class: 64, endian: 'little', width: 4, fields: 3, form: 'rela', by: 'symbol' },
  ...{ pairs: false, machine: 183, crcs: 'numbers' },
};

/** Of the sections, in their order. */
const indices = { strings: 1, plain: 2, gpl: 3, plainCrcs: 4, gplCrcs: 5, places: 6, table: 7 };

/**
 * A module with these exports, as the kernel's EXPORT_SYMBOL macros and its linker leave it.
 * @param flags `__kflagstab`: all symbols then are in the table of those that are not GPL-only
 * @param more sections after these
 */
export function exportingModule(
  layout: ExportLayout,
  exported: readonly ExportedSymbol[],
  flags?: number[],
  more: readonly SectionContent[] = [],
): Buffer {
  const strings = exported.flatMap(({ name, namespace }) => [name, namespace]);
  const offsets = strings.map((_, i) => strings.slice(0, i).join('\0').length + (i > 0 ? 1 : 0));
  const symbols: SymbolContent[] = [{ name: '', section: indices.strings, binding: 'local' }];
  const symbol = (added: SymbolContent) => symbols.push({ ...added, binding: 'local' });
  const string = (i: number): Omit<RelocationContent, 'offset'> =>
    layout.by === 'section'
      ? { symbol: 1, addend: offsets[i]! }
      : { symbol: symbol({ name: `s${i}`, section: indices.strings, value: offsets[i]! }) };

  const tableOf = (gpl: boolean) => {
    const inGpl = ({ gplOnly }: ExportedSymbol) => flags === undefined && gplOnly;
    const entries = [...exported.entries()].filter(([, symbol]) => inGpl(symbol) === gpl);
    const stride = layout.width * layout.fields;
    const fields: RelocationContent[] = [];
    const numbers: number[] = [];
    const numberFields: RelocationContent[] = [];
    for (const [at, [i, { name, crc: own }]] of entries.entries()) {
      const crc = own ?? 0;
      const place = symbol({ name, section: indices.places, value: 0x40 });
      const targets = [{ symbol: place }, string(2 * i), string(2 * i + 1)];
      for (const [field, target] of targets.slice(0, layout.fields).entries()) {
        const offset = at * stride + field * layout.width;
        fields.push({ ...target, offset });
        const here = { name: '.L', section: gpl ? indices.gpl : indices.plain, value: offset };
        if (layout.pairs) fields.push({ symbol: symbol(here), offset });
      }
      numbers.push(layout.crcs === 'numbers' ? crc : 0);
      // One without a CRC: genksyms could make none, and its symbol is weak and undefined.
      const [section, value] =
        own === undefined
          ? [SHN_UNDEF, 0]
          : layout.crcs === 'absolute'
            ? [SHN_ABS, crc]
            : [indices.places, 4 * i];
      if (layout.crcs !== 'absolute' && layout.crcs !== 'places') continue;
      const offset = 4 * at;
      numberFields.push({ symbol: symbol({ name: `__crc_${name}`, section, value }), offset });
      const here = {
        name: '.L',
        section: gpl ? indices.gplCrcs : indices.plainCrcs,
        value: offset,
      };
      if (layout.pairs && layout.crcs === 'places')
        numberFields.push({ symbol: symbol(here), offset });
    }
    const data = Buffer.alloc(stride * entries.length);
    if (layout.form === 'rel') {
      for (const { offset, addend = 0 } of fields) integers(layout, [addend]).copy(data, offset);
    }
    return { data, fields, numbers: integers(layout, numbers), numberFields };
  };
  const crcs = exported.map(({ crc }) => crc ?? 0);
  const [plain, gpl] = [tableOf(false), tableOf(true)];

  const sections: SectionContent[] = [
    { name: '__ksymtab_strings', data: Buffer.from(`${strings.join('\0')}\0`) },
    { name: '__ksymtab', data: plain.data },
    { name: '__ksymtab_gpl', data: gpl.data },
    ...(layout.crcs === 'none'
      ? [{ name: '.a' }, { name: '.b' }]
      : [
          { name: '__kcrctab', data: plain.numbers },
          { name: '__kcrctab_gpl', data: gpl.numbers },
        ]),
    { name: '.rodata', data: integers(layout, crcs) },
    ...symbolSections(layout, indices.table, symbols),
  ];
  const { form, machine } = layout;
  const relocations = (info: number, records: readonly RelocationContent[]) => {
    const section = { name: `.${form}`, link: indices.table, info, form, mips: machine === 8 };
    return relocationSection(layout, section, records);
  };
  sections.push(
    relocations(indices.plain, plain.fields),
    relocations(indices.gpl, gpl.fields),
    relocations(indices.plainCrcs, plain.numberFields),
    relocations(indices.gplCrcs, gpl.numberFields),
  );
  if (flags !== undefined) sections.push({ name: '__kflagstab', data: Uint8Array.from(flags) });
  return writeElf({ ...layout, sections: [...sections, ...more] });
}
