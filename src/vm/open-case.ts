import type { CaseRecord, LoadRecord, RequestRecord, UnloadRecord } from './case-record.js';
import { errorName, signalName, unloadError } from './errno.js';
import type { KernelMessage } from './kernel-message.js';
import { findReports, type StackFrame } from './kernel-reports.js';
import { guestModules, type TestCase } from './test-case.js';

/** Where a guest is. */
export type Place = NonNullable<CaseRecord['at']>;

/** A word of init's: `loaded 0 19 No such device`, cut at its blanks. */
export interface GuestWord {
  word: string;
  rest: readonly string[];
  /** The guest's clock. */
  seconds: number | undefined;
}

/** A case that goes on in a guest: what is said of it is put together in its record. */
export class OpenCase {
  readonly record: CaseRecord;
  /** What is going on. */
  place: Place | undefined;
  /** Names, by the numbers that the guest has for them. */
  readonly #modules: readonly string[];
  readonly #began: number | undefined;
  /** What the kernel said. */
  readonly #messages: KernelMessage[] = [];
  #load: LoadRecord | undefined;
  #unload: UnloadRecord | undefined;
  #value = '';
  #stepBegan: number | undefined;
  /** By the process that serves them. */
  readonly #requests = new Map<string, RequestRecord>();
  /** Where the program of a step is that does not end. */
  readonly #stuck: StackFrame[] = [];

  /** @param began by the guest's clock; undefined for a case of a guest that never came to it */
  constructor(testCase: TestCase, began: number | undefined, place?: Place) {
    this.#modules = guestModules(testCase).map(({ name }) => name);
    this.#began = began;
    this.place = place;
    this.record = {
      name: testCase.name,
      end: 'completed',
      repetitions: 1,
      loads: [],
      requests: [],
      unloads: [],
      taint: { before: 0, after: 0 },
      leftBehind: [],
      reports: [],
      tail: [],
      milliseconds: 0,
    };
  }

  /** A line of the log. What a program said belongs to its step alone. */
  keep(message: KernelMessage, fromProgram: boolean): void {
    if (!fromProgram) this.#messages.push(message);
    (this.#unload ?? this.#script ?? this.#load)?.messages.push(message);
  }

  /** What the kernel said before, and that belongs to the case all the same. */
  keepAll(messages: readonly KernelMessage[]): void {
    this.#messages.push(...messages);
  }

  hear({ word, rest, seconds }: GuestWord): void {
    const { record } = this;
    const text = (from: number) => rest.slice(from).join(' ');
    const number = Number(rest[0]);
    switch (word) {
      case 'taint':
        record.taint = { before: number, after: number };
        return;
      case 'round':
        this.#nextRound(number);
        return;
      case 'load':
        this.#begin('load', number, seconds);
        this.#load = { module: this.#module, milliseconds: 0, parameters: {}, messages: [] };
        record.loads.push(this.#load);
        return;
      case 'loaded':
        if (this.#load === undefined) return;
        this.#load.milliseconds = this.#stepTime(seconds);
        this.#takeLoaded(this.#load, Number(rest[1]), text(2));
        // What a module says after its load belongs to it until the next step: a timer, a thread of its own.
        return;
      case 'value':
      case 'more':
      case 'line':
        this.#takeValue(word, rest[1] ?? '', text(2));
        return;
      case 'script':
        this.#begin('script', undefined, seconds);
        record.script = { output: [], messages: [] };
        return;
      case 'output':
        record.script?.output.push(text(0));
        return;
      case 'scripted':
        if (record.script !== undefined) record.script.exitCode = number;
        this.place = undefined;
        return;
      case 'unload':
        this.#begin('unload', number, seconds);
        this.#unload = { module: this.#module, milliseconds: 0, messages: [] };
        record.unloads.push(this.#unload);
        return;
      case 'unloaded':
        if (this.#unload === undefined) return;
        this.#unload.milliseconds = this.#stepTime(seconds);
        if (rest[1] !== '0') this.#unload.error = unloadError(text(2));
        this.#unload = undefined;
        return;
      case 'asked':
        this.#ask(rest[0] ?? '', text(1));
        return;
      case 'served':
        this.#serve(rest[0] ?? '', Number(rest[1]), Number(rest[2]), text(3));
        return;
      case 'unknown':
        Object.assign(this.#requests.get(rest[0] ?? '') ?? {}, { isUnknown: true });
        return;
      case 'stack':
        this.#stuck.push({ text: text(0) });
        return;
      case 'left':
        record.leftBehind.push(text(0));
    }
  }

  /** It has come to its end. */
  complete(taint: number, seconds: number | undefined): CaseRecord {
    this.record.taint.after = taint;
    if (seconds !== undefined) this.record.milliseconds = this.#timeUntil(seconds);
    return this.#close();
  }

  /** The guest is no more. */
  break(
    end: Exclude<CaseRecord['end'], 'completed' | 'panic'>,
    tail: readonly KernelMessage[],
    now: number | undefined,
  ): CaseRecord {
    const { record, place } = this;
    record.tail = [...tail];
    if (this.#load !== undefined && place?.step === 'load')
      this.#load.milliseconds ||= this.#stepTime(now);
    record.milliseconds = this.#timeUntil(now);
    this.#close();
    record.end = record.reports.some(({ kind }) => kind === 'panic') ? 'panic' : end;
    if (place !== undefined) record.at = place;
    return record;
  }

  get #script(): CaseRecord['script'] {
    return this.place?.step === 'script' ? this.record.script : undefined;
  }

  get #module(): string {
    return this.place?.module ?? '';
  }

  #begin(step: Place['step'], load: number | undefined, seconds: number | undefined): void {
    const module = load === undefined ? undefined : this.#modules[load];
    this.place = { step, ...(module !== undefined && { module }) };
    this.#stepBegan = seconds;
  }

  #stepTime(seconds: number | undefined): number {
    return millisecondsBetween(this.#stepBegan, seconds);
  }

  #timeUntil(seconds: number | undefined): number {
    return millisecondsBetween(this.#began, seconds);
  }

  /** It goes round until something goes wrong: the last round is what is told of. */
  #nextRound(round: number): void {
    Object.assign(this.record, { repetitions: round, loads: [], requests: [], unloads: [] });
    delete this.record.script;
    this.#load = undefined;
  }

  #takeLoaded(load: LoadRecord, status: number, said: string): void {
    if (status === 0) return;
    load.error = nameOf(status, said);
    if (signalName(status) !== undefined) load.isCutShort = true;
  }

  #ask(process: string, name: string): void {
    const during = this.place?.module;
    const request = { name, ...(during !== undefined && { during }), loads: [] };
    this.#requests.set(process, request);
    this.record.requests.push(request);
  }

  #serve(process: string, number: number, status: number, said: string): void {
    const module = this.#modules[number] ?? '';
    const error = status === 0 ? undefined : nameOf(status, said);
    this.#requests.get(process)?.loads.push({ module, ...(error !== undefined && { error }) });
  }

  #takeValue(word: 'value' | 'more' | 'line', name: string, text: string): void {
    if (this.#load === undefined) return;
    this.#value = word === 'value' ? text : `${this.#value}${word === 'line' ? '\n' : ''}${text}`;
    this.#load.parameters[name] = this.#value;
  }

  #close(): CaseRecord {
    const { record } = this;
    record.reports = findReports(this.#messages);
    if (this.#stuck.length > 0) {
      const title = `what ${record.loads.at(-1)?.module ?? 'it'} does when its time is over`;
      record.reports.push({ kind: 'hung-task', title, stack: this.#stuck, lines: [] });
    }
    return record;
  }
}

const nameOf = (status: number, said: string): string =>
  signalName(status) ?? errorName(status, said);

/** Of two times of a guest's clock, in seconds; 0 where one is not known. */
const millisecondsBetween = (began: number | undefined, ended: number | undefined): number =>
  began === undefined || ended === undefined ? 0 : (ended - began) * 1000;
