import type { ModuleInfo } from '../module/read-module.js';
import { checkLicense } from './checks/license.js';
import { checkMachine, checkName, checkVermagic } from './checks/identity.js';
import { unresolvedImports } from './checks/exporter.js';
import { checkExports, checkImports } from './checks/symbols.js';
import { finding, type Subject, type Target } from './checks/subject.js';
import { checkOf, type Finding, type FindingCode } from './finding.js';
import type { Verdict } from './manifest-schema.js';

/** What a module that was just built is held against. */
export interface Expectation extends Omit<Target, 'strict'> {
  /** File name without `.ko`. */
  name: string;
  /** What MODULE_LICENSE must say, if the project says. */
  license?: string;
}

/** Findings that leave a verdict open: it could not be judged. */
const unjudged = new Set<FindingCode>(['VERMAGIC_UNKNOWN', 'NAME_MISSING', 'SYMBOL_CRC_MISSING']);

/** What a kernel may forgive, and a build for that kernel may not. */
const unforgiven = new Set<FindingCode>([
  'VERMAGIC_MISSING',
  'NAME_MISMATCH',
  'LICENSE_MISSING',
  'VERSIONS_MISSING',
  'EXPORT_CRC_MISSING',
]);

/**
 * Holds a module that was just built against its KDIR: what the kernel would merely warn of fails
 * here. Nothing that make said counts.
 */
export function judgeModule(info: ModuleInfo, expected: Expectation): Verdict[] {
  const subject: Subject = { name: expected.name, info };
  const target: Target = { ...expected, strict: true };
  const checks = [
    checkMachine,
    checkVermagic,
    checkName,
    checkLicense,
    checkLicenseOf(expected.license),
    checkImports,
    checkExports,
  ];
  const findings = checks.flatMap((check) => check(subject, target));
  const verdict = (check: Verdict['check'], detail: string): Verdict => {
    const found = findings.filter((one) => checkOf(one) === check);
    const failures = found.filter(
      ({ code, severity }) => severity === 'error' || unforgiven.has(code),
    );
    const open = found.filter(({ code }) => unjudged.has(code));
    const [status, said] =
      failures.length > 0 ? (['failed', failures] as const) : (['unknown', open] as const);
    if (said.length === 0) return { check, status: 'ok', detail };
    return { check, status, detail: said.map(({ message }) => message).join('; ') };
  };
  const { modinfo, imports } = info;
  const crcs = expected.kdir.modversions ? ', CRCs equal' : '';
  return [
    verdict('machine', expected.kdir.arch),
    verdict('vermagic', modinfo.vermagic?.[0]?.trim() ?? ''),
    verdict('name', modinfo.name?.[0] ?? ''),
    verdict('license', modinfo.license?.[0] ?? ''),
    verdict('symbols', `${imports.length} resolved${crcs}`),
  ];
}

/** Symbols that nothing of what a module is held against gives it, weak ones among them. */
export function unresolvedOf(info: ModuleInfo, expected: Expectation): string[] {
  return unresolvedImports({ name: expected.name, info }, { ...expected, strict: true });
}

/** That it declares the licence that its project names. */
function checkLicenseOf(wanted: string | undefined) {
  return ({ info: { modinfo } }: Subject): Finding[] => {
    const [actual] = modinfo.license ?? [];
    if (wanted === undefined || actual === undefined || wanted === actual) return [];
    const message = `MODULE_LICENSE says '${actual}', the project's configuration '${wanted}'`;
    return [finding('LICENSE_MISMATCH', 'error', message)];
  };
}
