import type { Finding } from '../finding.js';
import { finding, type Subject, type Target } from './subject.js';

/**
 * Parses an Android KMI symbol list: a symbol on each line below `[abi_symbol_list]` or another
 * title; `#` begins a comment (kernel/build, abi/README).
 */
export function parseKmiSymbolList(text: string): Set<string> {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('[')));
}

/** That of the kernel it takes listed symbols alone; what its siblings export needs no list. */
export function checkKmi(
  { info }: Subject,
  { siblings }: Target,
  listed: ReadonlySet<string>,
): Finding[] {
  return info.imports
    .filter(({ name }) => !listed.has(name) && !siblings.has(name))
    .map(({ name }) => {
      const message = `'${name}' is not in the KMI symbol list`;
      return finding('KMI_SYMBOL_NOT_LISTED', 'error', message, name);
    });
}
