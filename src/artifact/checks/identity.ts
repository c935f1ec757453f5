import { archByName } from '../../arch/arch.js';
import { isSet } from '../../kernel/config.js';
import { normaliseModuleName } from '../../module/read-module.js';
import { SHT_SYMTAB, type ElfSection } from '../../module/elf.js';
import type { Finding } from '../finding.js';
import { finding, type Check } from './subject.js';

const ET_REL = 1;

/** The machine that it is for. */
export const checkMachine: Check = ({ info: { elf, sections } }, { kdir }) => {
  const { name, elf: wanted } = archByName(kdir.arch);
  if (elf.type !== ET_REL) {
    const message = `not a relocatable object (ELF type ${elf.type})`;
    return [finding('NOT_RELOCATABLE', 'error', message)];
  }
  const same =
    elf.machine === wanted.machine && elf.class === wanted.class && elf.endian === wanted.endian;
  if (same) return checkForm(sections);
  const is = `ELF machine ${elf.machine}, ${elf.class}-bit, ${elf.endian}-endian`;
  const message = `${is}; ${name} is machine ${wanted.machine}, ${wanted.class}-bit`;
  return [finding('MACHINE_MISMATCH', 'error', message)];
};

/** What the loader looks for before all else (setup_load_info, kernel/module/main.c). */
function checkForm(sections: readonly ElfSection[]): Finding[] {
  if (!sections.some(({ name }) => name === '.gnu.linkonce.this_module')) {
    const message = 'it has no struct module (.gnu.linkonce.this_module): an object, but no module';
    return [finding('NOT_A_MODULE', 'error', message)];
  }
  if (sections.some(({ type }) => type === SHT_SYMTAB)) return [];
  return [finding('SYMBOL_TABLE_MISSING', 'error', 'its symbol table was stripped')];
}

/**
 * The vermagic, as the kernel compares it: without the release where the module has CRCs
 * (same_magic, kernel/module/version.c).
 */
export const checkVermagic: Check = ({ info }, { kdir, config, strict }) => {
  const [actual] = info.modinfo.vermagic ?? [];
  if (actual === undefined) {
    const severity = isSet(config, 'CONFIG_MODULE_FORCE_LOAD') ? 'warning' : 'error';
    return [finding('VERMAGIC_MISSING', severity, 'the module has no vermagic')];
  }
  const [release = ''] = actual.split(' ', 1);
  const ignoresRelease = kdir.modversions && info.versions.classic;
  const differs = finding(
    'VERMAGIC_RELEASE_DIFFERS',
    strict ? 'error' : 'note',
    `'${actual}', and the KDIR's is '${kdir.vermagic ?? kdir.release}'; its CRCs decide`,
  );
  if (kdir.vermagic === undefined) {
    if (release !== kdir.release && !ignoresRelease) {
      const message = `'${actual}' is not for ${kdir.release}`;
      return [finding('VERMAGIC_MISMATCH', 'error', message)];
    }
    const message = `'${actual}': the KDIR randomises structures, so only the release was compared`;
    const unknown = finding('VERMAGIC_UNKNOWN', 'warning', message);
    return release === kdir.release ? [unknown] : [unknown, differs];
  }
  if (actual === kdir.vermagic) return [];
  const rest = (vermagic: string) => vermagic.slice(vermagic.indexOf(' '));
  if (ignoresRelease && rest(actual) === rest(kdir.vermagic)) return [differs];
  const message = `'${actual}', and the KDIR's is '${kdir.vermagic}'`;
  return [finding('VERMAGIC_MISMATCH', 'error', message)];
};

/** The name that it gives itself. */
export const checkName: Check = ({ name, info }) => {
  const [actual] = info.modinfo.name ?? [];
  if (actual === undefined)
    return [finding('NAME_MISSING', 'note', 'the module does not record its name')];
  if (actual === normaliseModuleName(name)) return [];
  const message = `the module calls itself '${actual}', its file is ${name}.ko`;
  return [finding('NAME_MISMATCH', 'warning', message)];
};

/** What it asks of the kernel's features. */
export const checkFeatures: Check = ({ info: { modinfo } }, { config }) => {
  const findings = [];
  if (modinfo.livepatch !== undefined && !isSet(config, 'CONFIG_LIVEPATCH')) {
    const message = 'it is a livepatch, and CONFIG_LIVEPATCH is not set';
    findings.push(finding('LIVEPATCH_UNSUPPORTED', 'error', message));
  }
  const retpolines =
    isSet(config, 'CONFIG_RETPOLINE') || isSet(config, 'CONFIG_MITIGATION_RETPOLINE');
  if (retpolines && modinfo.retpoline === undefined) {
    const message = 'it was not compiled with retpolines, and the kernel was';
    findings.push(finding('RETPOLINE_MISSING', 'warning', message));
  }
  return findings;
};
