import { readModule, type ModuleInfo } from '../../../module/read-module.js';
import type { KernelModules, PackedModule, ReleaseProject } from '../release-project.js';
import { checkWord } from './words.js';

/** What rpm is told of the symbols of a project's modules for one kernel; each sorted. */
export interface SymbolDependencies {
  provides: string[];
  /** Of other packages of modules. */
  modules: string[];
  /** Of the kernel's packages; empty where it has no CRCs (no MODVERSIONS). */
  kernel: string[];
}

/**
 * The dependencies that find-provides.ksyms and find-requires.ksyms of kernel-rpm-macros (Fedora, RHEL
 * 8 and later) write: `ksym(<name>) = <CRC>` for what modules outside of the kernel's package export,
 * `kernel(<name>) = <CRC>` for what it exports itself. What a package needs and has is left out.
 * @param projects all of the release: what another's modules export is not the kernel's
 * @throws KbuildError PACKAGE_MODULES, MODULE_*
 */
export function symbolDependencies(
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
): SymbolDependencies {
  const own = kernel.modules.map(infoOf);
  const exported = exportsOf(own);
  const elsewhere = new Set(
    projects
      .filter(({ project: name }) => project.depends.includes(name))
      .flatMap(({ kernels }) => kernels.filter((other) => sameKernel(kernel, other)))
      .flatMap(({ modules }) => [...exportsOf(modules.map(infoOf)).keys()]),
  );
  const found = { modules: new Set<string>(), kernel: new Set<string>() };
  for (const { name, crc } of own.flatMap(importsOf)) {
    if (crc === undefined || exported.has(name)) continue;
    if (elsewhere.has(name)) found.modules.add(dependency('ksym', name, crc));
    else found.kernel.add(dependency('kernel', name, crc));
  }
  return {
    provides: [...exported]
      .flatMap(([name, crc]) => (crc === undefined ? [] : [dependency('ksym', name, crc)]))
      .sort(),
    modules: [...found.modules].sort(),
    kernel: [...found.kernel].sort(),
  };
}

const sameKernel = (one: KernelModules, other: KernelModules): boolean =>
  one.release === other.release && one.arch.name === other.arch.name;

const read = new WeakMap<PackedModule, ModuleInfo>();

/** Each module is read once, however many projects need it. */
function infoOf(module: PackedModule): ModuleInfo {
  const info = read.get(module) ?? readModule(module.plain);
  read.set(module, info);
  return info;
}

const exportsOf = (modules: readonly ModuleInfo[]): Map<string, number | undefined> =>
  new Map(modules.flatMap((info) => info.exports.map(({ name, crc }) => [name, crc])));

/** The layout of struct module counts as a symbol of the kernel's, as in Module.symvers. */
const importsOf = ({ imports, moduleLayoutCrc: crc }: ModuleInfo) => [
  ...imports,
  ...(crc === undefined ? [] : [{ name: 'module_layout', crc }]),
];

/** rpm compares these as texts, so the digits must be as many as others write. */
const dependency = (kind: 'kernel' | 'ksym', name: string, crc: number): string =>
  `${kind}(${checkWord(name, 'symbol')}) = 0x${crc.toString(16).padStart(8, '0')}`;
