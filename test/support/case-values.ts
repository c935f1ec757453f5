import type { CaseRecord, LoadRecord } from '../../src/vm/case-record.js';
import type { KernelMessage } from '../../src/vm/kernel-message.js';
import { noRequests, type TestCase } from '../../src/vm/test-case.js';

export const said = (text: string, level = 6): KernelMessage => ({ seconds: 1, level, text });

/** That a module was loaded, or refused. */
export const loaded = (module: string, changes: Partial<LoadRecord> = {}): LoadRecord => ({
  module,
  milliseconds: 12,
  parameters: {},
  messages: [],
  ...changes,
});

/** A case of modules, in this order; a name that begins with `+` is of one that is only needed. */
export function testCaseOf(names: readonly string[], changes: Partial<TestCase> = {}): TestCase {
  return {
    name: 'load',
    loads: names.map((text) => {
      const name = text.replace('+', '');
      const role = text.startsWith('+') ? 'needed' : 'tested';
      return { module: { name, file: `/m/${name}.ko`, role }, parameters: [], required: true };
    }),
    requests: noRequests,
    repeat: 1,
    isolated: false,
    timeoutMs: 20_000,
    expect: {},
    ...changes,
  };
}

/** What a guest tells of a case in which nothing went wrong. */
export function recordOf(names: readonly string[], changes: Partial<CaseRecord> = {}): CaseRecord {
  return {
    name: 'load',
    end: 'completed',
    repetitions: 1,
    loads: names.map((name) => loaded(name)),
    requests: [],
    unloads: names.map((module) => ({ module, milliseconds: 5, messages: [] })).reverse(),
    taint: { before: 0, after: 4096 + 8192 },
    leftBehind: [],
    reports: [],
    tail: [],
    milliseconds: 80,
    ...changes,
  };
}
