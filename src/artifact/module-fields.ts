import { colonHex } from '../module/pkcs7.js';
import type { ModuleReport, SummaryReport } from './module-report.js';

type Values<Report> = (report: Report) => (string | undefined)[];

const signature =
  (value: (found: NonNullable<SummaryReport['signature']>) => string): Values<SummaryReport> =>
  ({ signature: found }) =>
    found === null ? [] : [value(found)];

/** Fields that are not tags of .modinfo; those that kmod's modinfo has are named and written as there. */
const summaryFields: Record<string, Values<SummaryReport>> = {
  filename: ({ path }) => [path],
  parm: ({ parameters }) =>
    parameters.map(
      ({ name, type, description = '' }) =>
        `${name}:${description}${type === undefined ? '' : ` (${type})`}`,
    ),
  sig_id: signature(({ idType }) => idType),
  signer: signature(({ signer }) => signer),
  sig_key: signature(({ keyId }) => keyId),
  sig_hashalgo: signature(({ hash }) => hash),
  sig_algorithm: signature(({ algorithm }) => algorithm),
  signature: signature(({ value }) => colonHex(value.toUpperCase())),
  size: ({ size }) => [String(size)],
  compression: ({ compression }) => [compression],
  machine: ({ elf }) => [elf.machineName],
  class: ({ elf }) => [String(elf.class)],
  endian: ({ elf }) => [elf.endian],
  build_id: ({ buildId }) => [buildId],
  btf: ({ btf }) => [btf ? 'Y' : 'N'],
};

/** Those for which the whole module must be read. */
const symbolFields: Record<string, Values<ModuleReport>> = {
  module_layout: ({ moduleLayoutCrc }) => [moduleLayoutCrc],
  exports: ({ exports }) =>
    exports.map(({ name, crc = '', gplOnly, namespace }) =>
      [crc, name, gplOnly ? 'EXPORT_SYMBOL_GPL' : 'EXPORT_SYMBOL', namespace].join('\t'),
    ),
  imports: ({ imports }) =>
    imports.map(({ name, crc = '', weak }) => [crc, name, weak ? 'weak' : ''].join('\t').trimEnd()),
  sections: ({ sections }) => sections.map(({ name, size }) => `${size}\t${name}`),
};

/** The names of the fields that are not tags of .modinfo. */
export const fieldNames = [...Object.keys(summaryFields), ...Object.keys(symbolFields)];

/** Whether a field is about symbols or sections, so that the whole module must be read for it. */
export const isSymbolField = (field: string): boolean => Object.hasOwn(symbolFields, field);

/** The values of one field, as `inspect --field` prints them; none where the module lacks it. */
export function fieldValues(report: ModuleReport, field: string): string[] {
  const values = isSymbolField(field) ? symbolFields[field]?.(report) : undefined;
  return values?.filter((value) => value !== undefined) ?? summaryFieldValues(report, field);
}

/** The same of a field that is not about symbols or sections. */
export function summaryFieldValues(report: SummaryReport, field: string): string[] {
  const values = Object.hasOwn(summaryFields, field) ? summaryFields[field]?.(report) : undefined;
  const own = Object.hasOwn(report.modinfo, field) ? report.modinfo[field] : undefined;
  return (values ?? own ?? []).filter((value) => value !== undefined);
}
