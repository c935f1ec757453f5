import type { KernelConfig } from '../../kernel/config.js';
import type { Kdir } from '../../kernel/kdir.js';
import type { Symvers } from '../../kernel/symvers.js';
import type { ModuleInfo } from '../../module/read-module.js';
import type { Finding, FindingCode, Severity } from '../finding.js';

/** A module and its name, as its file says it. */
export interface Subject {
  /** File name without `.ko` and without what compression adds. */
  name: string;
  info: ModuleInfo;
}

/** The kernel that a module is held against. */
export interface Target {
  kdir: Kdir;
  config: KernelConfig;
  /** What the kernel and its own modules export: its Module.symvers. */
  symvers: Symvers;
  /** What the modules export that are loaded with it. They go before the kernel's own modules. */
  siblings: Symvers;
  /**
   * Modules by symbols that they are said to export, and that are not loaded with it: nobody
   * checked that, so it is a reason for what is missing, and resolves nothing.
   */
  unpublished?: ReadonlyMap<string, string>;
  /** Take nothing but what was built for this very release, and signatures as if enforced. */
  strict: boolean;
}

/** A check of one aspect: what it finds, or nothing. */
export type Check = (subject: Subject, target: Target) => Finding[];

export function finding(
  code: FindingCode,
  severity: Severity,
  message: string,
  symbol?: string,
): Finding {
  return { code, severity, message, ...(symbol !== undefined && { symbol }) };
}
