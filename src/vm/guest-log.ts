import type { CaseRecord } from './case-record.js';
import { readConsoleLine, type ConsoleLine } from './console-line.js';
import type { KernelMessage } from './kernel-message.js';
import { findReports } from './kernel-reports.js';
import { OpenCase } from './open-case.js';
import type { TestCase } from './test-case.js';

/** Messages of one step, or bytes of them, that no log is meant to hold. */
const mostMessages = 5000;
const mostBytes = 2 ** 20;

/** Of an end that nobody told of, so many of the last messages are kept. */
const tailLength = 60;

/** Words of init's with which a step begins. */
const steps = new Set(['load', 'script', 'unload']);

/**
 * What a guest says on its console, told line by line, in order. The words of init (templates/vm/init) are told
 * from all else and make a record for each case (vm/open-case); the kernel's go to the case that goes on.
 */
export class GuestLog {
  readonly records: CaseRecord[] = [];
  /** Set by the guest's last word. `hang`: a step does not end; what the kernel tells of it follows. */
  end: 'done' | 'stop' | 'hang' | 'hung' | undefined;
  /** Between boot and the guest's first word, by its own clock. Seconds. */
  readySeconds: number | undefined;
  #isReady = false;
  /** The case that goes on. */
  #open: OpenCase | undefined;
  #stepMessages = 0;
  #stepBytes = 0;
  /** The guest's clock, as it last told it. */
  #now: number | undefined;
  /** Since the boot, the last of them. */
  readonly #tail: KernelMessage[] = [];
  /** Those that no case had, since the last one ended. */
  #between: KernelMessage[] = [];
  readonly #mark: string;

  /** @param nonce what init's words begin with */
  constructor(
    readonly cases: readonly TestCase[],
    nonce: string,
  ) {
    this.#mark = `kbuild-ts ${nonce} `;
  }

  /** True once a step has said more than any log is meant to hold. */
  get floods(): boolean {
    return this.#stepMessages > mostMessages || this.#stepBytes > mostBytes;
  }

  /** @returns whether it was init that said it */
  take(line: string): boolean {
    const message = readConsoleLine(line);
    this.#now = message.seconds ?? this.#now;
    if (message.fromProgram && message.text.startsWith(this.#mark)) {
      this.#hear(message.text.slice(this.#mark.length), message.seconds);
      return true;
    }
    this.#keep(message);
    return false;
  }

  /**
   * The guest is no more, before it had said all. Ends the case that went on; without one, the first.
   * @param end what became of it, unless the log says that the kernel ended
   */
  break(end: Exclude<CaseRecord['end'], 'completed' | 'panic'>): void {
    const open = this.#open ?? this.#unopened();
    if (open === undefined) this.#blameLast();
    else this.#close(open.break(end, this.#tail, this.#now));
  }

  /** The first case, of a guest that has not come to it: what was said is the case's. */
  #unopened(): OpenCase | undefined {
    const [first] = this.cases;
    if (first === undefined || this.records.length > 0) return undefined;
    if (this.#isReady) return new OpenCase(first, undefined);
    const open = new OpenCase(first, undefined, { step: 'boot' });
    open.keepAll(this.#between);
    return open;
  }

  /** What comes after a case and before the next is the last one's doing. */
  #blameLast(): void {
    const last = this.records.at(-1);
    const reports = findReports(this.#between);
    this.#between = [];
    if (last === undefined) return;
    last.reports.push(...reports);
    if (reports.some(({ kind }) => kind === 'panic')) last.end = 'panic';
  }

  #keep({ seconds, level, text, fromProgram }: ConsoleLine): void {
    const message: KernelMessage = {
      ...(seconds !== undefined && { seconds }),
      ...(level !== undefined && { level }),
      text,
    };
    if (message.text === '' && message.level === undefined) return;
    this.#stepMessages += 1;
    this.#stepBytes += message.text.length;
    this.#tail.push(message);
    if (this.#tail.length > tailLength) this.#tail.shift();
    if (this.floods) return;
    if (this.#open === undefined) this.#between.push(message);
    else this.#open.keep(message, fromProgram);
  }

  #hear(said: string, seconds: number | undefined): void {
    const [word = '', ...rest] = said.split(' ');
    if (steps.has(word)) this.#stepMessages = this.#stepBytes = 0;
    switch (word) {
      case 'ready':
        this.readySeconds = seconds;
        this.#isReady = true;
        return;
      case 'case': {
        this.#blameLast();
        const testCase = this.cases[Number(rest[0])];
        if (testCase !== undefined) this.#open = new OpenCase(testCase, seconds);
        return;
      }
      case 'end':
        if (this.#open === undefined) return;
        this.#close(this.#open.complete(Number(rest[1]), seconds));
        // Most of the kernel's checkers say a thing once, and some turn themselves off: what they would
        // say of the next case is to be heard from a kernel that has said nothing yet.
        if ((this.records.at(-1)?.reports.length ?? 0) > 0) this.end = 'stop';
        return;
      case 'stop':
      case 'done':
      case 'hang':
      case 'hung':
        if (this.#open === undefined) this.#blameLast();
        this.end = word;
        return;
      default:
        this.#open?.hear({ word, rest, seconds });
    }
  }

  #close(record: CaseRecord): void {
    this.records.push(record);
    this.#between = [];
    this.#open = undefined;
  }
}
