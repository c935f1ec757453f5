import type { KernelMessage } from './kernel-message.js';
import { looksLikeBody } from './report-body.js';
import { cutHere, openingOf, type Opening } from './report-openings.js';
import { StackReader } from './stack-reader.js';

/** A place in a stack trace. */
export interface StackFrame {
  /** As the kernel prints it: `hello_init+0x12/0x34 [hello]`. */
  text: string;
  /**
   * Set where the CPU was at that instruction. Of the other frames, the address is that to which a call
   * returns: the call itself lies before it.
   */
  interrupted?: true;
  /** Source, where debug information tells: `hello.c:12`; the innermost inlined function first. */
  source?: string;
}

/** A complaint of the kernel's about itself. */
export interface KernelReport {
  /**
   * `kasan`: also KFENCE and KMSAN. `lockup`: also of workqueues. `panic`: what it ended with, whatever it
   * began with; the title and the stack tell the cause.
   */
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
  /** Where it happened, the innermost first; not what the kernel itself marks as a guess (`? `). */
  stack: StackFrame[];
  /** All of its lines; of one that is repeated while it lasts (a hung task), those of all times. */
  lines: KernelMessage[];
}

/** The most lines after which an end that does not come is waited for no more. */
const longestReport = 1000;
/** How many lines after a report a panic can still be its consequence. */
const consequenceWithin = 100;

/** panic() as it is called for what was reported before. */
const consequence =
  /^Kernel panic - not syncing: (?:(?:Oops(?: - .*)?: )?Fatal exception|.*(?:panic_on_\w+|kasan\.fault=\w+) set|hung_task: |softlockup: |hard lockup|attempted to kill|rcu stall|scheduling while atomic)/i;

interface OpenReport {
  report: KernelReport;
  stack: StackReader;
  /** Until this line, all belongs to it; absent once it came. */
  ends?: RegExp | undefined;
  /** Only the line `cut here` was read. */
  untitled: boolean;
  /** How many of its lines were read, and where the last one stands in the log. */
  length: number;
  last: number;
}

/**
 * What the kernel complains of in its log, in order; one event gives one report.
 * Sources: kernel/panic.c, lib/bug.c, arch/{x86,arm64}/kernel/traps.c and mm/fault.c, mm/kasan/report.c,
 * kernel/locking/lockdep.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c (5.10 to 7.2).
 */
export function findReports(messages: readonly KernelMessage[]): KernelReport[] {
  const reports: KernelReport[] = [];
  const lasting = new Map<string, KernelReport>();
  let current: OpenReport | undefined;
  for (const [at, message] of messages.entries()) {
    const text = plain(message.text);
    const opening = openingOf(text);
    if (current === undefined || !belongs(current, at, text, opening)) {
      if (opening === undefined) continue;
      const key = lastingKey(opening, text);
      const earlier = key === undefined ? undefined : lasting.get(key);
      current = begin(opening, text, earlier, messages[at - 1]);
      if (earlier === undefined) reports.push(current.report);
      if (key !== undefined) lasting.set(key, current.report);
    } else if (opening !== undefined) {
      understand(current, opening, text);
    }
    current.report.lines.push(message);
    current.stack.read(text);
    current.length++;
    current.last = at;
    if (current.ends?.test(text)) current.ends = undefined;
  }
  return reports;
}

/**
 * A kernel with CONFIG_PRINTK_CALLER names the task or the CPU before each line; kmemleak names itself
 * before what it says of a leak.
 */
const plain = (text: string) =>
  text
    .replace(/^\[ *[CT]\d+\] ?/, '')
    .replace(/^kmemleak:(?=  )/, '')
    .trimEnd();

/** What kmemleak says in the end, whether or not it has told of each. */
const leaksCounted = /^kmemleak: \d+ new suspected memory leaks/;

/** The same for all that is said of one thing that lasts. */
const lastingKey = ({ kind, lasts }: Opening, text: string) =>
  lasts && `${kind} ${text.replace(/\d+ ?s(?:econds)?\b/, '')}`;

function begin(
  opening: Opening,
  text: string,
  earlier: KernelReport | undefined,
  before: KernelMessage | undefined,
): OpenReport {
  const stack = new StackReader();
  const ruled = before !== undefined && /^={20,}$/.test(plain(before.text));
  const lines = ruled ? [before] : [];
  const report = earlier ?? { kind: opening.kind, title: text, stack: stack.frames, lines };
  const untitled = opening === cutHere;
  return { report, stack, ends: opening.ends, untitled, length: 0, last: 0 };
}

function belongs(
  { report, ends, untitled, length, last }: OpenReport,
  at: number,
  text: string,
  opening: Opening | undefined,
): boolean {
  if (opening?.kind === 'panic' && consequence.test(text)) return at - last <= consequenceWithin;
  // Between what is said and the next line of it, others may have had their say: no more than that.
  if (last !== at - 1) return false;
  if (leaksCounted.test(text)) return report.kind === 'kmemleak';
  if (opening === cutHere) return report.kind === 'list' && length === 1;
  if (untitled) return true;
  if (ends !== undefined && length < longestReport) return opening?.lasts !== true;
  return opening === undefined && looksLikeBody(text);
}

/** Takes in what a line within a report says of its nature. */
function understand(current: OpenReport, opening: Opening, text: string): void {
  const { report } = current;
  if (opening.kind === 'panic') report.kind = 'panic';
  else if (current.untitled) report.kind = opening.kind;
  if (current.untitled && opening !== cutHere) {
    report.title = text;
    current.untitled = false;
  }
  if (opening.ends !== undefined) current.ends = opening.ends;
}
