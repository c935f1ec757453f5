import { isSet } from '../kernel/config.js';
import { isGplCompatible } from './checks/license.js';
import type { Subject, Target } from './checks/subject.js';
import { proprietaryImports } from './checks/symbols.js';
import type { Finding } from './finding.js';

/** A flag that loading a module sets (Documentation/admin-guide/tainted-kernels.rst). */
export interface Taint {
  flag: string;
  reason: string;
}

const forcing = new Set(['VERMAGIC_MISSING', 'VERSIONS_MISSING', 'EXPORT_CRC_MISSING']);
const unsigned = new Set([
  'SIGNATURE_MISSING',
  'SIGNATURE_NOT_LAST',
  'SIGNATURE_UNTRUSTED',
  'SIGNATURE_CRYPTO_MISSING',
]);

/** The taint flags that loading sets, where the kernel does load it. */
export function taintsOf(subject: Subject, target: Target, findings: readonly Finding[]): Taint[] {
  const { modinfo } = subject.info;
  const [lender] = proprietaryImports(subject, target);
  const has = (codes: ReadonlySet<string>) => findings.some(({ code }) => codes.has(code));
  const [license = 'unspecified'] = modinfo.license ?? [];
  const rules: [string, boolean, string][] = [
    ['P', !isGplCompatible(modinfo), `its licence is '${license}'`],
    [
      'P',
      isGplCompatible(modinfo) && lender !== undefined,
      `it uses symbols of ${lender?.module ?? ''}, which is proprietary`,
    ],
    ['F', has(forcing), 'it is loaded by force'],
    ['C', modinfo.staging !== undefined, 'it is a staging driver'],
    ['O', modinfo.intree === undefined, 'it is built out of tree'],
    [
      'E',
      isSet(target.config, 'CONFIG_MODULE_SIG') && has(unsigned),
      'it has no signature that the kernel trusts',
    ],
    ['K', modinfo.livepatch !== undefined, 'it is a livepatch'],
    ['N', modinfo.test !== undefined, 'it is a test'],
  ];
  return rules.filter(([, holds]) => holds).map(([flag, , reason]) => ({ flag, reason }));
}
