import { readFileSync, statSync } from 'node:fs';
import { isSet } from '../config.js';
import { kdirFinding, type KdirFinding } from '../findings.js';
import { readHostProgram } from '../host-program.js';
import { longestText } from '../read-text.js';
import { some, type KdirCheck, type KdirSubject } from './subject.js';

/** Only what the kernel's own modules use is exported. */
export const checkTrimmed: KdirCheck = ({ config }) => {
  if (!isSet(config, 'CONFIG_TRIM_UNUSED_KSYMS')) return [];
  const list = config.get('CONFIG_UNUSED_KSYMS_WHITELIST');
  const kept = list === undefined || list === '' ? '' : ` and those of ${list}`;
  const message = `CONFIG_TRIM_UNUSED_KSYMS is set: only symbols that the kernel's own modules use${kept} are exported`;
  return [kdirFinding('KDIR_TRIMMED', 'warning', message)];
};

/** Plugins of GCC that are switched on, by their symbols (scripts/Makefile.gcc-plugins). */
const plugins: Record<string, string> = {
  LATENT_ENTROPY: 'latent_entropy_plugin.so',
  STRUCTLEAK: 'structleak_plugin.so',
  STACKLEAK: 'stackleak_plugin.so',
  ARM_SSP_PER_TASK: 'arm_ssp_per_task_plugin.so',
  SANCOV: 'sancov_plugin.so',
  RANDSTRUCT: 'randomize_layout_plugin.so',
};

/** The compiler can load what the configuration makes it load. */
export const checkGccPlugins: KdirCheck = (subject) => {
  const { config, find } = subject;
  if (!isSet(config, 'CONFIG_GCC_PLUGINS')) return [];
  const wanted = Object.entries(plugins)
    .filter(([symbol]) => isSet(config, `CONFIG_GCC_PLUGIN_${symbol}`))
    .map(([, file]) => file);
  const missing = wanted.filter((file) => find(`scripts/gcc-plugins/${file}`) === undefined);
  const findings: KdirFinding[] = [];
  if (missing.length > 0) {
    const message = `the GCC plugins ${some(missing)} of scripts/gcc-plugins are missing`;
    findings.push(kdirFinding('KDIR_GCC_PLUGINS', 'error', message));
  }
  const present = wanted.filter((file) => !missing.includes(file));
  return [...findings, ...present.flatMap((file) => checkPlugin(file, subject))];
};

function checkPlugin(name: string, subject: KdirSubject): KdirFinding[] {
  const { find, buildArch, compiler } = subject;
  const file = find(`scripts/gcc-plugins/${name}`) ?? '';
  const wrong = (what: string) => [
    kdirFinding('KDIR_GCC_PLUGINS', 'error', `the GCC plugin ${name} ${what}`),
  ];
  try {
    const { machine } = readHostProgram(file);
    if (machine !== buildArch.elf.machine) {
      return wrong(`is for another machine (ELF machine ${machine}) than ${buildArch.name}`);
    }
  } catch (error) {
    return wrong(`cannot be read: ${(error as Error).message}`);
  }
  // plugin-version.h puts the version of the GCC that it was built for into each plugin.
  const text = statSync(file).size <= longestText ? readFileSync(file, 'latin1') : '';
  const version = /\0(\d+)\.\d+\.\d+\0/.exec(text)?.[1];
  if (version === undefined || compiler === undefined || Number(version) === compiler.major) {
    return [];
  }
  return wrong(`is for GCC ${version}, and the kernel's compiler is ${compiler.text}`);
}

/** With randomised structures, the seed decides the layout. */
export const checkRandstruct: KdirCheck = ({ config, find }) => {
  const set = ['CONFIG_RANDSTRUCT', 'CONFIG_GCC_PLUGIN_RANDSTRUCT'].some((s) => isSet(config, s));
  if (!set) return [];
  // Linux 6.0 renamed both.
  const places = [
    ['scripts/basic/randstruct.seed', 'include/generated/randstruct_hash.h'],
    ['scripts/gcc-plugins/randomize_layout_seed.h', 'include/generated/randomize_layout_hash.h'],
  ];
  if (!places.some((files) => files.every((file) => find(file) !== undefined))) {
    const message = `the kernel's structures are randomised, and the seed is not in the KDIR (${places[0]?.join(', ') ?? ''})`;
    return [kdirFinding('KDIR_RANDSTRUCT_SEED', 'error', message)];
  }
  const message = "the kernel's structures are randomised: the vermagic of modules is not checked";
  return [kdirFinding('KDIR_RANDSTRUCT', 'warning', message)];
};

/** Modules in Rust need the kernel's crates as metadata. */
export const checkRust: KdirCheck = ({ config, find }) => {
  if (!isSet(config, 'CONFIG_RUST')) return [];
  const needed = ['rust/libcore.rmeta', 'rust/libkernel.rmeta'];
  const missing = needed.filter((name) => find(name) === undefined);
  if (missing.length === 0) return [];
  const message = `CONFIG_RUST is set, and the KDIR has no ${missing.join(' and no ')}`;
  return [kdirFinding('KDIR_RUST', 'warning', message)];
};

/** BTF of modules is made of the kernel's own. */
export const checkBtf: KdirCheck = ({ config, find }) => {
  if (!isSet(config, 'CONFIG_DEBUG_INFO_BTF_MODULES')) return [];
  return find('vmlinux') === undefined
    ? [
        kdirFinding(
          'KDIR_BTF_NO_VMLINUX',
          'note',
          'modules get no BTF: the KDIR has no vmlinux to make it of',
        ),
      ]
    : [kdirFinding('KDIR_BTF_PAHOLE', 'note', 'modules get BTF: the build needs pahole')];
};

/** Link-time optimisation binds modules to the compiler. */
export const checkLto: KdirCheck = ({ config }) => {
  const kinds = ['FULL', 'THIN'].filter((kind) => isSet(config, `CONFIG_LTO_CLANG_${kind}`));
  if (kinds.length === 0 && !isSet(config, 'CONFIG_LTO_CLANG')) return [];
  const message = `the kernel is built with ${kinds[0]?.toLowerCase() ?? ''} link-time optimisation by Clang`;
  return [kdirFinding('KDIR_LTO_CLANG', 'note', message.replace('  ', ' '))];
};
