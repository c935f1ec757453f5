import { findingCatalogue } from './finding-catalogue.js';

/** `error`: the kernel refuses it; `warning`: it may, or it loads and should not pass unseen. */
export type Severity = 'error' | 'warning' | 'note';

export type FindingCode = keyof typeof findingCatalogue;

/** The parts of a verification, in the order in which they are reported. */
export type CheckName = (typeof findingCatalogue)[FindingCode]['check'];

/** One thing that is wrong or worth knowing about a module and a kernel. */
export interface Finding {
  code: FindingCode;
  severity: Severity;
  /** What is so: this module, this kernel, this symbol. */
  message: string;
  /** The symbol that it is about. */
  symbol?: string;
}

/** A finding as it is reported: with why it matters and what to do. */
export interface ExplainedFinding extends Finding {
  check: CheckName;
  explanation: string;
  remedy: string;
}

export function explain(finding: Finding): ExplainedFinding {
  return { ...finding, ...findingCatalogue[finding.code] };
}

export const checkOf = ({ code }: Finding): CheckName => findingCatalogue[code].check;
