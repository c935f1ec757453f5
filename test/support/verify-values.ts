import type { Subject, Target } from '../../src/artifact/checks/subject.js';
import type { Finding } from '../../src/artifact/finding.js';
import type { KernelConfig } from '../../src/kernel/config.js';
import type { Kdir } from '../../src/kernel/kdir.js';
import { exportsOf, parseSymvers } from '../../src/kernel/symvers.js';
import { SHT_SYMTAB, type ElfSection } from '../../src/module/elf.js';
import type { Modinfo } from '../../src/module/modinfo.js';
import type { ModuleInfo } from '../../src/module/read-module.js';
import { kdirOf } from './job-values.js';
import { symversText, type Export } from './symvers.js';

/** The CRC of struct module in the kernel of `targetOf`. */
export const layoutCrc = 0x1a2b3c4d;

/** What a module exports that is loaded with it; without a CRC, unless it says which. */
export interface SiblingExport extends Export {
  proprietary?: boolean;
}

export interface TargetChanges {
  kdir?: Partial<Kdir>;
  /** What is set in the kernel's configuration: to `y`, unless it says to what. */
  config?: readonly string[] | Record<string, string>;
  /** What the kernel and its own modules export, besides `module_layout`. */
  exports?: readonly Export[];
  siblings?: readonly SiblingExport[];
  strict?: boolean;
}

export const configOf = (set: TargetChanges['config'] = []): KernelConfig =>
  new Map(Array.isArray(set) ? set.map((name: string) => [name, 'y']) : Object.entries(set));

/** A kernel for x86_64 with MODVERSIONS. */
export function targetOf(changes: TargetChanges = {}): Target {
  const { kdir, config, exports = [], siblings = [], strict = false } = changes;
  const layout = { name: 'module_layout', crc: layoutCrc };
  return {
    kdir: kdirOf('x86_64', kdir),
    config: configOf(config),
    symvers: parseSymvers(symversText(layout, ...exports)),
    siblings: exportsOf(siblings.map(asModule)),
    strict,
  };
}

/** Of a section that the kernel looks for, what it looks at. */
const sectionOf = (name: string, type: number): ElfSection => ({
  ...{ index: 0, name, type },
  ...{ offset: 0, size: 0, link: 0, info: 0 },
});

/** The sections without which the kernel takes nothing for a module. */
export const moduleSections: readonly ElfSection[] = [
  sectionOf('.gnu.linkonce.this_module', 1),
  sectionOf('.symtab', SHT_SYMTAB),
];

/** A module that exports one symbol. */
function asModule({ name, crc, proprietary = false, ...rest }: SiblingExport) {
  const { module = 'base', type, namespace = '' } = rest;
  const gplOnly = type === 'EXPORT_SYMBOL_GPL';
  const symbol = { name, gplOnly, namespace, ...(crc !== undefined && { crc }) };
  return { name: module, exports: [symbol], proprietary };
}

export interface SubjectChanges extends Partial<Omit<ModuleInfo, 'modinfo'>> {
  file?: string;
  /** Undefined takes a tag away. */
  modinfo?: Record<string, string[] | undefined>;
}

/** A module in which that kernel finds no fault: `m.ko`, GPL, which imports and exports nothing. */
export function subjectOf({ file = 'm', modinfo = {}, ...changes }: SubjectChanges = {}): Subject {
  const tags: SubjectChanges['modinfo'] = {
    license: ['GPL'],
    vermagic: [kdirOf('x86_64').vermagic ?? ''],
    name: ['m'],
    retpoline: ['Y'],
    intree: ['Y'],
    ...modinfo,
  };
  const info: ModuleInfo = {
    elf: { class: 64, endian: 'little', machine: 62, type: 1 },
    modinfo: Object.fromEntries(
      Object.entries(tags).filter((entry): entry is [string, string[]] => entry[1] !== undefined),
    ) satisfies Modinfo,
    imports: [],
    exports: [],
    versions: { form: 'classic', classic: true },
    moduleLayoutCrc: layoutCrc,
    btf: false,
    sections: [...moduleSections],
    ...changes,
  };
  return { name: file, info };
}

/** Findings in short: `error SYMBOL_UNDEFINED f`. */
export const inShort = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, code, symbol }) =>
    [severity, code, ...(symbol === undefined ? [] : [symbol])].join(' '),
  );
