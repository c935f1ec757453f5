import { archByName } from '../arch/arch.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Symvers } from '../kernel/symvers.js';
import type { Verdict } from './manifest-schema.js';
import { normaliseModuleName, type ModuleInfo } from '../module/read-module.js';

/** What a module is held against. */
export interface Expectation {
  kdir: Kdir;
  /** What the kernel exports. */
  symvers: Symvers;
  /** What the modules of the same job, and of those that it needs, export. */
  siblings: Symvers;
  /** File name without `.ko`. */
  name: string;
  /** What MODULE_LICENSE must say, if the project says. */
  license?: string;
}

/** Holds what a module says of itself against its KDIR. Nothing that make said counts here. */
export function judgeModule(module: ModuleInfo, expected: Expectation): Verdict[] {
  return [
    judgeMachine(module, expected.kdir),
    judgeVermagic(module, expected.kdir),
    judgeName(module, expected.name),
    judgeLicense(module, expected.license),
    judgeSymbols(module, expected),
  ];
}

const ok = (check: Verdict['check'], detail: string): Verdict => ({ check, status: 'ok', detail });
const failed = (check: Verdict['check'], detail: string): Verdict => ({
  check,
  status: 'failed',
  detail,
});

const ET_REL = 1;

function judgeMachine({ elf }: ModuleInfo, kdir: Kdir): Verdict {
  const { name, elf: wanted } = archByName(kdir.arch);
  const is = `ELF machine ${elf.machine}, ${elf.class}-bit, ${elf.endian}-endian`;
  if (elf.type !== ET_REL)
    return failed('machine', `not a relocatable object (ELF type ${elf.type})`);
  const same =
    elf.machine === wanted.machine && elf.class === wanted.class && elf.endian === wanted.endian;
  if (same) return ok('machine', name);
  return failed('machine', `${is}; ${name} is machine ${wanted.machine}, ${wanted.class}-bit`);
}

function judgeVermagic({ modinfo }: ModuleInfo, kdir: Kdir): Verdict {
  const [actual] = modinfo.vermagic ?? [];
  if (actual === undefined) return failed('vermagic', 'the module has none');
  if (kdir.vermagic === undefined) {
    const first = actual.split(' ', 1)[0];
    if (first !== kdir.release) return failed('vermagic', `'${actual}' is not for ${kdir.release}`);
    return {
      check: 'vermagic',
      status: 'unknown',
      detail: `'${actual}': the KDIR randomises structures, so only the release was compared`,
    };
  }
  if (actual === kdir.vermagic) return ok('vermagic', actual.trim());
  return failed('vermagic', `'${actual}', and the KDIR's is '${kdir.vermagic}'`);
}

function judgeName({ modinfo }: ModuleInfo, name: string): Verdict {
  const [actual] = modinfo.name ?? [];
  // Kernels before 4.13 do not record the name.
  if (actual === undefined) return { check: 'name', status: 'unknown', detail: 'not recorded' };
  if (actual === normaliseModuleName(name)) return ok('name', actual);
  return failed('name', `the module calls itself '${actual}', its file is ${name}.ko`);
}

function judgeLicense({ modinfo }: ModuleInfo, wanted: string | undefined): Verdict {
  const [actual] = modinfo.license ?? [];
  if (actual === undefined) return failed('license', 'the module has no MODULE_LICENSE');
  if (wanted === undefined || wanted === actual) return ok('license', actual);
  return failed(
    'license',
    `MODULE_LICENSE says '${actual}', the project's configuration '${wanted}'`,
  );
}

/** Licences that may use GPL-only symbols (include/linux/license.h, license_is_gpl_compatible). */
const gplCompatible = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

const hex = (crc: number): string => `0x${crc.toString(16).padStart(8, '0')}`;

function judgeSymbols(module: ModuleInfo, { kdir, symvers, siblings }: Expectation): Verdict {
  const [license = ''] = module.modinfo.license ?? [];
  const namespaces = new Set(module.modinfo.import_ns);
  const problems: string[] = [];
  const unjudged: string[] = [];
  const layout = symvers.get('module_layout');
  if (
    layout !== undefined &&
    module.moduleLayoutCrc !== undefined &&
    layout.crc !== module.moduleLayoutCrc
  ) {
    problems.push(
      `struct module has CRC ${hex(module.moduleLayoutCrc)}, the kernel's is ${hex(layout.crc)}`,
    );
  }
  for (const { name, weak, crc } of module.imports) {
    const exported = siblings.get(name) ?? symvers.get(name);
    if (exported === undefined) {
      if (!weak) problems.push(`'${name}' is exported by nothing that it is built for`);
      continue;
    }
    // The kernel warns of a symbol without a recorded CRC, and loads the module (check_version).
    if (kdir.modversions && crc === undefined) unjudged.push(name);
    else if (kdir.modversions && crc !== undefined && crc !== exported.crc) {
      problems.push(
        `'${name}' has CRC ${hex(crc)}, ${exported.module} exports ${hex(exported.crc)}`,
      );
    }
    if (exported.gplOnly && !gplCompatible.has(license)) {
      problems.push(`'${name}' is for GPL-compatible modules, and the licence is '${license}'`);
    }
    if (exported.namespace !== '' && !namespaces.has(exported.namespace)) {
      problems.push(`'${name}' is in the namespace ${exported.namespace}, which is not imported`);
    }
  }
  if (problems.length > 0) return failed('symbols', problems.join('; '));
  if (unjudged.length > 0) {
    const detail = `no CRC is recorded for ${unjudged.join(', ')}`;
    return { check: 'symbols', status: 'unknown', detail };
  }
  return ok(
    'symbols',
    `${module.imports.length} resolved${kdir.modversions ? ', CRCs equal' : ''}`,
  );
}
