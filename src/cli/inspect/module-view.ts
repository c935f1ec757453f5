import { basename } from 'node:path';
import type { ModuleReport, SummaryReport } from '../../artifact/module-report.js';
import { withoutControls, type Style } from '../style.js';
import { formatSize } from '../units.js';

/** Tags in the order in which a reader asks for them; the others follow as the file has them. */
const firstTags = ['name', 'version', 'description', 'author', 'license', 'vermagic', 'srcversion'];
/** Tags that are not among the others: those above, and those that are parameters. */
const shownElsewhere = new Set([...firstTags, 'parm', 'parmtype']);

const labelWidth = 13;

/** What stands before the further lines of a value. */
const margin = ' '.repeat(labelWidth + 3);

/** All that a module says, for people to read; ends with a newline. */
export function formatModule(report: ModuleReport, style: Style, width: number): string {
  const { versions, exports, imports } = report;
  const crcs = { none: 'no', classic: 'yes', extended: 'yes, of the extended form' }[versions];
  const list = (items: readonly string[]) =>
    items.length === 0 ? 'none' : wrap(items, width - margin.length);
  return [
    formatSummary(report, style),
    formatRow('CRCs', crcs, style),
    formatRow('exports', list(exports.map(formatExport)), style),
    formatRow('imports', list(imports.map(formatImport)), style),
    formatRow('sections', list(sectionSizes(report)), style),
  ].join('');
}

/** What a module says, but for its symbols and sections. */
export function formatSummary(report: SummaryReport, style: Style): string {
  const { path, size, compression, elf, modinfo, parameters, signature } = report;
  let text = `${style.paint('bold', withoutControls(basename(path)))}\n`;
  const add = (label: string, value: string) => {
    text += formatRow(label, value, style);
  };
  const compressed = compression === 'none' ? '' : `, compressed with ${compression}`;
  add('filename', path);
  add('size', `${formatSize(size)} (${size} bytes${compressed})`);
  add('machine', `${elf.machineName}, ${elf.class}-bit, ${elf.endian}-endian`);
  for (const tag of firstTags) for (const value of modinfo[tag] ?? []) add(tag, value);
  for (const tag in modinfo) {
    if (shownElsewhere.has(tag)) continue;
    for (const value of modinfo[tag] ?? []) add(tag, value);
  }
  for (const { name, type, description } of parameters) {
    const typed = type === undefined ? '' : ` (${type})`;
    add('parameter', `${name}${typed}${description === undefined ? '' : `: ${description}`}`);
  }
  add('build id', report.buildId ?? 'none');
  add('BTF', report.btf ? 'yes' : 'no');
  if (signature === null) add('signature', 'none');
  else {
    const { idType, signer, algorithm, hash, keyId } = signature;
    const by = `by '${signer}', ${algorithm} with ${hash}, key ${keyId}; not verified here`;
    add('signature', signer === '' && keyId === '' ? `of kind ${idType}` : `${idType} ${by}`);
  }
  return text;
}

/** A value's further lines stand below its first. */
function formatRow(label: string, value: string, { paint }: Style): string {
  const lines = value.includes('\n') ? value.replaceAll('\n', `\n${margin}`) : value;
  return `  ${paint('dim', withoutControls(label).padEnd(labelWidth))} ${withoutControls(lines)}\n`;
}

const formatExport = ({ crc, name, gplOnly, namespace }: ModuleReport['exports'][number]) =>
  `${crc === undefined ? '' : `${crc} `}${name}${gplOnly ? ' (GPL only)' : ''}${namespace === '' ? '' : ` (namespace ${namespace})`}`;

const formatImport = ({ crc, name, weak }: ModuleReport['imports'][number]) =>
  `${crc === undefined ? '' : `${crc} `}${name}${weak ? ' (weak)' : ''}`;

/** The largest first; in bytes. */
const sectionSizes = ({ sections }: ModuleReport) =>
  sections
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size)
    .map(({ name, size }) => `${name} ${size}`);

/** Items side by side, in lines of at most `width` characters. */
function wrap(items: readonly string[], width: number): string {
  let text = '';
  let length = 0;
  for (const item of items) {
    if (length === 0) text += item;
    else if (length + 2 + item.length > width) {
      text += `,\n${item}`;
      length = 0;
    } else text += `, ${item}`;
    length += length === 0 ? item.length : 2 + item.length;
  }
  return text;
}
