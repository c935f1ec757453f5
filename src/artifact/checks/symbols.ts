import { isSet } from '../../kernel/config.js';
import type { SymversEntry } from '../../kernel/symvers.js';
import type { ImportedSymbol } from '../../module/symbols.js';
import { normaliseModuleName } from '../../module/read-module.js';
import { formatCrc } from '../module-report.js';
import type { Finding } from '../finding.js';
import { baseName, exporterOf, image } from './exporter.js';
import { isGplCompatible } from './license.js';
import { finding, type Check, type Subject, type Target } from './subject.js';

/** What it takes: that all is exported, at the same CRC, to a module of its licence and namespaces. */
export const checkImports: Check = (subject, target) => [
  ...checkVersions(subject, target),
  ...checkProprietary(subject, target),
  ...subject.info.imports.flatMap((symbol) => {
    const exported = exporterOf(symbol.name, subject, target);
    if (exported !== undefined) return checkImport(symbol, exported, subject, target);
    if (symbol.weak || isIgnored(symbol, subject)) return [];
    const unpublished = target.unpublished?.get(symbol.name);
    const message =
      unpublished === undefined
        ? `'${symbol.name}' is exported by nothing that it is built for`
        : `'${symbol.name}' is exported by ${unpublished}, which is not part of what is published`;
    return [finding('SYMBOL_UNDEFINED', 'error', message, symbol.name)];
  }),
];

const x86Machines = [3, 62];

/** Old assemblers leave it in objects that do not use it (ignore_undef_symbol). */
const isIgnored = ({ name }: ImportedSymbol, { info }: Subject): boolean =>
  name === '_GLOBAL_OFFSET_TABLE_' && x86Machines.includes(info.elf.machine);

/** The symbols that it takes of proprietary modules: they make it one of them (inherit_taint). */
export function proprietaryImports(subject: Subject, target: Target): SymversEntry[] {
  const exporters = subject.info.imports.map(({ name }) => exporterOf(name, subject, target));
  return exporters.filter((exported) => exported?.proprietary === true) as SymversEntry[];
}

function checkProprietary(subject: Subject, target: Target): Finding[] {
  const usesGplOnly = subject.info.imports.some(
    ({ name }) => exporterOf(name, subject, target)?.gplOnly,
  );
  if (!usesGplOnly) return [];
  return proprietaryImports(subject, target).map(({ name, module }) => {
    const message = `'${name}' is exported by ${module}, which is proprietary, and GPL-only symbols are used`;
    return finding('SYMBOL_FROM_PROPRIETARY', 'error', message, name);
  });
}

/** That it has CRCs at all where the kernel asks for them, and the right struct module. */
function checkVersions({ info }: Subject, { kdir, symvers, config }: Target): Finding[] {
  if (!kdir.modversions) return [];
  if (info.versions.form === 'none') {
    const severity = isSet(config, 'CONFIG_MODULE_FORCE_LOAD') ? 'warning' : 'error';
    const message = 'the module has no CRCs, and the kernel has MODVERSIONS';
    return [finding('VERSIONS_MISSING', severity, message)];
  }
  const layout = symvers.get('module_layout');
  const { moduleLayoutCrc: own } = info;
  if (layout?.crc === undefined || layout.crc === own) return [];
  if (own === undefined) {
    const message = "no CRC is recorded for struct module ('module_layout')";
    return [finding('SYMBOL_CRC_MISSING', 'warning', message, 'module_layout')];
  }
  const message = `struct module has CRC ${formatCrc(own)}, the kernel's is ${formatCrc(layout.crc)}`;
  return [finding('LAYOUT_MISMATCH', 'error', message)];
}

function checkImport(
  { name, crc, weak }: ImportedSymbol,
  exported: SymversEntry,
  { info }: Subject,
  { kdir, config }: Target,
): Finding[] {
  const findings: Finding[] = [];
  if (kdir.modversions && info.versions.form !== 'none') {
    if (crc === undefined) {
      const message = `no CRC is recorded for '${name}'`;
      findings.push(finding('SYMBOL_CRC_MISSING', 'warning', message, name));
    } else if (exported.crc !== undefined && crc !== exported.crc) {
      const message = `'${name}' has CRC ${formatCrc(crc)}, ${exported.module} exports ${formatCrc(exported.crc)}`;
      findings.push(finding('SYMBOL_CRC_MISMATCH', 'error', message, name));
    }
  }
  if (exported.gplOnly && !isGplCompatible(info.modinfo)) {
    if (weak) return []; // the kernel does not see it, and leaves it unresolved
    const [license = ''] = info.modinfo.license ?? [];
    const message = `'${name}' is for GPL-compatible modules, and the licence is '${license}'`;
    findings.push(finding('SYMBOL_GPL_ONLY', 'error', message, name));
  }
  if (!importsNamespace(info.modinfo.import_ns ?? [], info.modinfo.name?.[0], exported.namespace)) {
    const allowed = isSet(config, 'CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS');
    const message = `'${name}' is in the namespace ${exported.namespace}, which is not imported`;
    findings.push(finding('NAMESPACE_NOT_IMPORTED', allowed ? 'warning' : 'error', message, name));
  }
  return findings;
}

/** `module:a,b-*` names the modules that may use a symbol (EXPORT_SYMBOL_FOR_MODULES, Linux 6.16). */
const modulePrefix = 'module:';

function importsNamespace(
  imported: readonly string[],
  moduleName: string | undefined,
  namespace: string,
): boolean {
  if (namespace === '' || imported.includes(namespace)) return true;
  if (!namespace.startsWith(modulePrefix) || moduleName === undefined) return false;
  return namespace
    .slice(modulePrefix.length)
    .split(',')
    .some((pattern) => {
      const wanted = normaliseModuleName(pattern);
      return wanted.endsWith('*')
        ? moduleName.startsWith(wanted.slice(0, -1))
        : moduleName === wanted;
    });
}

/** What it gives: that it has CRCs, and that nobody else exports it too. */
export const checkExports: Check = (subject, target) => [
  ...checkExportedVersions(subject, target),
  ...checkDuplicates(subject, target),
];

function checkExportedVersions({ info }: Subject, { kdir, config }: Target): Finding[] {
  const without = info.exports.filter(({ crc }) => crc === undefined);
  if (!kdir.modversions || without.length === 0) return [];
  const severity = isSet(config, 'CONFIG_MODULE_FORCE_LOAD') ? 'warning' : 'error';
  const message = `the symbols that it exports have no CRCs ('${without[0]?.name ?? ''}'), and the kernel has MODVERSIONS`;
  return [finding('EXPORT_CRC_MISSING', severity, message)];
}

function checkDuplicates({ name, info }: Subject, { symvers, siblings }: Target): Finding[] {
  const self = normaliseModuleName(name);
  return info.exports.flatMap(({ name: symbol }) => {
    const ofKernel = symvers.get(symbol);
    // Whatever a module calls itself: it is not the kernel's image.
    const isInImage = ofKernel?.module === image;
    const others = [ofKernel, siblings.get(symbol)].filter(
      (one) => one !== undefined && baseName(one.module) !== self,
    );
    const owner = isInImage ? ofKernel : others[0];
    if (owner === undefined) return [];
    const message = `'${symbol}' is exported by ${owner.module} too`;
    return [finding('EXPORT_DUPLICATE', isInImage ? 'error' : 'warning', message, symbol)];
  });
}
