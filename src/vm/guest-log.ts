import type { CaseRecord, LoadRecord, UnloadRecord } from './case-record.js';
import { readConsoleLine, type ConsoleLine } from './console-line.js';
import { errorName, signalName, unloadError } from './errno.js';
import type { KernelMessage } from './kernel-message.js';
import { findReports, type StackFrame } from './kernel-reports.js';
import type { TestCase } from './test-case.js';

/** Messages of one step, or bytes of them, that no log is meant to hold. */
const mostMessages = 5000;
const mostBytes = 2 ** 20;

/** Of an end that nobody told of, so many of the last messages are kept. */
const tailLength = 60;

/** Where a guest is. */
type Place = NonNullable<CaseRecord['at']>;

/** What is known of a case while it goes on. */
interface Open {
  record: CaseRecord;
  testCase: TestCase;
  messages: KernelMessage[];
  began: number | undefined;
}

/**
 * What a guest's init (templates/vm/init) says on its console, put together: a record for each case. Told
 * each line, in order.
 */
export class GuestLog {
  readonly records: CaseRecord[] = [];
  /** Set by the guest's last word. `hang`: a step does not end; what the kernel tells of it follows. */
  end: 'done' | 'stop' | 'hang' | 'hung' | undefined;
  /** Between boot and the guest's first word, by its own clock. Seconds. */
  readySeconds: number | undefined;
  /** What is going on; undefined between cases. */
  place: Place | undefined = { step: 'boot' };
  #open: Open | undefined;
  #load: LoadRecord | undefined;
  #unload: UnloadRecord | undefined;
  #value = '';
  #stepBegan: number | undefined;
  #stepMessages = 0;
  #stepBytes = 0;
  /** The guest's clock, as it last told it. */
  #now: number | undefined;
  /** Since the boot, the last of them. */
  readonly #tail: KernelMessage[] = [];
  /** Those that no case had, since the last one ended. */
  #between: KernelMessage[] = [];
  /** Where the program of a step is that does not end. */
  #stuck: StackFrame[] = [];
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
    const [first] = this.cases;
    this.#open ??= first && this.records.length === 0 ? newCase(first, undefined) : undefined;
    if (this.#open === undefined) {
      this.#blameLast();
      return;
    }
    const { record, messages, began } = this.#open;
    if (this.place?.step === 'boot') messages.push(...this.#between);
    record.tail = [...this.#tail];
    if (this.#load !== undefined && this.place?.step === 'load')
      this.#load.milliseconds ||= this.#stepTime(this.#now);
    record.milliseconds = millisecondsBetween(began, this.#now);
    this.#close(undefined);
    const panicked = record.reports.some(({ kind }) => kind === 'panic');
    record.end = panicked ? 'panic' : end;
    if (this.place !== undefined) record.at = this.place;
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
    else if (!fromProgram) this.#open.messages.push(message);
    const step = this.#unload ?? this.#script ?? this.#load;
    step?.messages.push(message);
  }

  get #script(): CaseRecord['script'] {
    return this.place?.step === 'script' ? this.#open?.record.script : undefined;
  }

  #hear(said: string, seconds: number | undefined): void {
    const [word = '', ...rest] = said.split(' ');
    const text = (from: number) => rest.slice(from).join(' ');
    const number = Number(rest[0]);
    const open = this.#open;
    switch (word) {
      case 'ready':
        this.readySeconds = seconds;
        this.place = undefined;
        return;
      case 'case': {
        this.#blameLast();
        const testCase = this.cases[number];
        if (testCase !== undefined) this.#open = newCase(testCase, seconds);
        return;
      }
      case 'taint':
        if (open !== undefined) open.record.taint = { before: number, after: number };
        return;
      case 'round':
        this.#nextRound(number);
        return;
      case 'load':
        this.#begin('load', open?.testCase.loads[number]?.module.name, seconds);
        if (open === undefined) return;
        this.#load = {
          module: this.place?.module ?? '',
          milliseconds: 0,
          parameters: {},
          messages: [],
        };
        open.record.loads.push(this.#load);
        return;
      case 'loaded':
        if (this.#load === undefined) return;
        this.#load.milliseconds = this.#stepTime(seconds);
        this.#takeLoaded(this.#load, Number(rest[1]), text(2));
        this.#finish();
        return;
      case 'value':
      case 'more':
      case 'line':
        this.#takeValue(word, rest[1] ?? '', text(2));
        return;
      case 'script':
        this.#begin('script', undefined, seconds);
        if (open !== undefined) open.record.script = { exitCode: -1, output: [], messages: [] };
        return;
      case 'output':
        open?.record.script?.output.push(text(0));
        return;
      case 'scripted':
        if (open?.record.script !== undefined) open.record.script.exitCode = number;
        this.#finish();
        return;
      case 'unload':
        this.#begin('unload', open?.testCase.loads[number]?.module.name, seconds);
        if (open === undefined) return;
        this.#unload = { module: this.place?.module ?? '', milliseconds: 0, messages: [] };
        open.record.unloads.push(this.#unload);
        return;
      case 'unloaded':
        if (this.#unload === undefined) return;
        this.#unload.milliseconds = this.#stepTime(seconds);
        if (rest[1] !== '0') this.#unload.error = unloadError(text(2));
        this.#finish();
        return;
      case 'stack':
        this.#stuck.push({ text: text(0) });
        return;
      case 'left':
        open?.record.leftBehind.push(text(0));
        return;
      case 'end':
        if (open === undefined) return;
        open.record.taint.after = Number(rest[1]);
        this.#close(seconds);
        // Most of the kernel's checkers say a thing once, and some turn themselves off: what they would
        // say of the next case is to be heard from a kernel that has said nothing yet.
        if (open.record.reports.length > 0) this.end = 'stop';
        return;
      case 'stop':
      case 'done':
      case 'hang':
      case 'hung':
        if (open === undefined) this.#blameLast();
        this.end = word;
    }
  }

  #begin(step: Place['step'], module: string | undefined, seconds: number | undefined): void {
    this.place = { step, ...(module !== undefined && { module }) };
    this.#stepBegan = seconds;
    this.#stepMessages = 0;
    this.#stepBytes = 0;
  }

  #finish(): void {
    this.#unload = undefined;
    // What a module says after its load belongs to it until the next step: a timer, a thread of its own.
    if (this.place?.step === 'script') this.place = undefined;
  }

  #stepTime(seconds: number | undefined): number {
    return millisecondsBetween(this.#stepBegan, seconds);
  }

  /** It goes round until something goes wrong: the last round is what is told of. */
  #nextRound(round: number): void {
    if (this.#open === undefined) return;
    const { record } = this.#open;
    Object.assign(record, { repetitions: round, loads: [], unloads: [] });
    delete record.script;
    this.#load = undefined;
  }

  #takeLoaded(load: LoadRecord, status: number, said: string): void {
    if (status === 0) return;
    const signal = signalName(status);
    if (signal === undefined) load.error = errorName(status, said);
    else Object.assign(load, { error: signal, isCutShort: true });
  }

  #takeValue(word: 'value' | 'more' | 'line', name: string, text: string): void {
    if (this.#load === undefined) return;
    this.#value = word === 'value' ? text : `${this.#value}${word === 'line' ? '\n' : ''}${text}`;
    this.#load.parameters[name] = this.#value;
  }

  #close(seconds: number | undefined): void {
    if (this.#open === undefined) return;
    const { record, messages, began } = this.#open;
    record.reports = findReports(messages);
    if (this.#stuck.length > 0) {
      const title = `what ${record.loads.at(-1)?.module ?? 'it'} does when its time is over`;
      record.reports.push({ kind: 'hung-task', title, stack: this.#stuck, lines: [] });
      this.#stuck = [];
    }
    if (seconds !== undefined) record.milliseconds = millisecondsBetween(began, seconds);
    this.records.push(record);
    this.#between = [];
    this.#open = undefined;
    this.#load = undefined;
    this.#unload = undefined;
    if (seconds !== undefined) this.place = undefined;
  }
}

/** Of two times of a guest's clock, in seconds; 0 where one is not known. */
const millisecondsBetween = (began: number | undefined, ended: number | undefined): number =>
  began === undefined || ended === undefined ? 0 : (ended - began) * 1000;

function newCase(testCase: TestCase, began: number | undefined): Open {
  const record: CaseRecord = {
    name: testCase.name,
    end: 'completed',
    repetitions: 1,
    loads: [],
    unloads: [],
    taint: { before: 0, after: 0 },
    leftBehind: [],
    reports: [],
    tail: [],
    milliseconds: 0,
  };
  return { record, testCase, messages: [], began };
}
