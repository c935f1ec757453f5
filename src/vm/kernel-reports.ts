import type { KernelMessage } from './kernel-message.js';

/** A place in a stack trace. */
export interface StackFrame {
  /** As the kernel prints it: `hello_init+0x12/0x34 [hello]`. */
  text: string;
  /** Source, where debug information tells: `hello.c:12`; the innermost inlined function first. */
  source?: string;
}

/** A complaint of the kernel's about itself. */
export interface KernelReport {
  kind:
    | 'panic'
    | 'oops'
    | 'bug'
    | 'warning'
    | 'kasan'
    | 'ubsan'
    | 'kcsan'
    | 'kmemleak'
    | 'lockdep'
    | 'rcu'
    | 'hung-task'
    | 'lockup'
    | 'atomic'
    | 'page'
    | 'list';
  /** The line that says what it is. */
  title: string;
  stack: StackFrame[];
  /** All of its lines. */
  lines: KernelMessage[];
}
export const findReports = (_: readonly KernelMessage[]): KernelReport[] => [];
