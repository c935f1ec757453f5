import { printable } from '../errors/printable.js';
import type { CaseRecord } from './case-record.js';
import type { CaseResult } from './case-result.js';
import type { KernelReport, StackFrame } from './kernel-reports.js';

/** Text from a guest as it may be shown within a sentence. */
export const quote = (text: string): string => `"${printable(text.trim())}"`;

/** `20 s`: milliseconds in a sentence. */
export const secondsOf = (milliseconds: number): string =>
  `${(milliseconds / 1000).toLocaleString('en', { maximumFractionDigits: 1, useGrouping: false })} s`;

/** The last words of the kernel's about a module: those that name it, else the gravest. */
export function kernelWords(
  messages: readonly Pick<CaseResult['tail'][number], 'text' | 'level'>[],
  module: string,
): string[] {
  const named = new RegExp(`(?<!\\w)${module.replaceAll(/[_-]/g, '[_-]')}(?!\\w)`);
  // That it taints the kernel is said of nearly every module, and is no reason.
  const others = messages.filter(({ text }) => !/taints kernel|tainting kernel/.test(text));
  const grave = others.filter(({ level = 7 }) => level <= 5); // 'Loading of unsigned module is rejected' is a notice
  const about = others.filter(({ text }) => named.test(text));
  const chosen = [about, grave].find((some) => some.length > 0) ?? [];
  return chosen.slice(-2).map(({ text }) => text);
}

/** Where in a case something was: `while hello was loaded`. */
export function placeOf(at: CaseRecord['at']): string {
  const module = at?.module === undefined ? 'a module' : at.module;
  switch (at?.step) {
    case 'boot':
      return 'while the kernel was booted';
    case 'load':
      return `while ${module} was loaded`;
    case 'script':
      return 'while the script ran';
    case 'unload':
      return `while ${module} was unloaded`;
    case undefined:
      return 'at a time that is not known';
  }
}

/** The module that a frame of a stack trace is in: of `f+0x1/0x2 [hello]`, or with a build id after the name. */
export const moduleOfFrame = ({ text }: StackFrame): string | undefined =>
  /\[([\w-]+)[^\]]*\]\s*$/.exec(text)?.[1];

/** The innermost frame that is in one of these modules; where none is, the innermost of all. */
export function firstFrame(
  { stack }: KernelReport,
  modules: readonly string[],
): StackFrame | undefined {
  const own = stack.find((frame) => modules.includes(moduleOfFrame(frame) ?? ''));
  return own ?? stack[0];
}

/** `hello_init+0x12/0x34 [hello] (hello.c:12)` */
export const frameText = ({ text, source }: StackFrame): string =>
  printable(source === undefined ? text : `${text} (${source})`);
