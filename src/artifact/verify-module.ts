import { checkCompression } from './checks/compression.js';
import { checkFeatures, checkMachine, checkName, checkVermagic } from './checks/identity.js';
import { checkKmi } from './checks/kmi.js';
import { checkLicense } from './checks/license.js';
import { checkSignature, type SignatureSubject } from './checks/signature.js';
import type { Subject, Target } from './checks/subject.js';
import { checkExports, checkImports } from './checks/symbols.js';
import { explain, type ExplainedFinding, type Finding } from './finding.js';
import { taintsOf, type Taint } from './taints.js';
import type { KernelReadability } from '../module/compression/kernel-readable.js';

/** A module as it is verified: what its file says, and what became of its signature. */
export interface VerifySubject extends Subject {
  compression: KernelReadability;
  signature: SignatureSubject;
}

/** Whether a kernel would load a module. */
export interface Verification {
  /** `unknown`: nothing speaks against it, and something could not be judged. */
  loads: 'yes' | 'no' | 'unknown';
  findings: ExplainedFinding[];
  /** The taint flags that loading sets; none where it would not be loaded. */
  taints: Taint[];
}

/** Findings after which nobody can say that the kernel loads the module. */
const open = new Set<Finding['code']>([
  'VERMAGIC_UNKNOWN',
  'SYMBOL_CRC_MISSING',
  'SIGNATURE_UNVERIFIED',
  'SIGNATURE_UNSUPPORTED',
]);

/**
 * Says whether a kernel would load a module: everything that the kernel itself checks before it
 * runs a line of the module's code.
 * @param kmi the symbols of an Android KMI symbol list, if the module must keep to one
 */
export function verifyModule(
  subject: VerifySubject,
  target: Target,
  kmi?: ReadonlySet<string>,
): Verification {
  const findings = findAll(subject, target, kmi).map((found) =>
    // A warning is what a kernel may let pass: in strict use nothing is let pass.
    target.strict && found.severity === 'warning'
      ? { ...found, severity: 'error' as const }
      : found,
  );
  const refused = findings.some(({ severity }) => severity === 'error');
  const unknown = findings.some(({ code }) => open.has(code));
  return {
    loads: refused ? 'no' : unknown ? 'unknown' : 'yes',
    findings: findings.map(explain),
    taints: refused ? [] : taintsOf(subject, target, findings),
  };
}

function findAll(
  subject: VerifySubject,
  target: Target,
  kmi: ReadonlySet<string> | undefined,
): Finding[] {
  const machine = checkMachine(subject, target);
  // Of a module for another machine nothing else is worth saying.
  if (machine.length > 0) return machine;
  const checks = [
    checkVermagic,
    checkName,
    checkLicense,
    checkFeatures,
    checkImports,
    checkExports,
  ];
  return [
    ...checkCompression(subject.compression, target),
    ...checkSignature(subject.signature, target),
    ...checks.flatMap((check) => check(subject, target)),
    ...(kmi === undefined ? [] : checkKmi(subject, target, kmi)),
  ];
}
