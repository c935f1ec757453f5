import type { KernelMessage } from './kernel-message.js';
import type { KernelReport } from './kernel-reports.js';

/** What became of loading one module. */
export interface LoadRecord {
  module: string;
  /** Name of the error that the kernel refused it with, `ENODEV`; absent if it was loaded. */
  error?: string;
  /** A signal ended the program that loaded it, as when it oopses: `error` names the signal. */
  isCutShort?: true;
  milliseconds: number;
  /** As sysfs shows them while it is loaded, those that can be read. */
  parameters: Record<string, string>;
  /** What the kernel said meanwhile. */
  messages: KernelMessage[];
}

export interface UnloadRecord {
  module: string;
  /** Why it is not unloaded; absent if it is. */
  error?: string;
  milliseconds: number;
  messages: KernelMessage[];
}

/** That the kernel asked for a module, in a way that it runs modprobe for (request_module). */
export interface RequestRecord {
  /** A name or an alias, as asked for. */
  name: string;
  /** The module that was loaded or unloaded meanwhile: most likely it was that one that asked. */
  during?: string;
  /** What was loaded for it, in order; `error` as for a load. Of those that are there already, nothing is told. */
  loads: { module: string; error?: string }[];
  /** No module that the case may load is called so. */
  isUnknown?: true;
}

/** What happened in a guest when a case was tried. Of repetitions, which end with the first that goes wrong: of the last. */
export interface CaseRecord {
  name: string;
  /**
   * `hang`: a step did not end in its time. `flood`: it said more than any log holds. `panic`: the kernel
   * ended. `lost`: the machine ended, or never came up, for a reason that nobody told.
   */
  end: 'completed' | 'hang' | 'flood' | 'panic' | 'lost';
  /** Where it ended, unless it was completed. */
  at?: { step: 'boot' | 'load' | 'script' | 'unload'; module?: string };
  /** How often it was loaded and unloaded. */
  repetitions: number;
  loads: LoadRecord[];
  requests: RequestRecord[];
  /** Without `exitCode`, it did not end. */
  script?: { exitCode?: number; output: string[]; messages: KernelMessage[] };
  unloads: UnloadRecord[];
  /** The kernel's taint flags as a number: Documentation/admin-guide/tainted-kernels.rst. */
  taint: { before: number; after: number };
  /** Paths in /proc, /sys and /dev, and names of registered devices, that were not there before. */
  leftBehind: string[];
  /** BUG, WARNING, Oops and the like, in order. */
  reports: KernelReport[];
  /** The last lines before an end that is not `completed`. */
  tail: KernelMessage[];
  milliseconds: number;
}
