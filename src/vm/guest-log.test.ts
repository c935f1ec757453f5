import { describe, expect, it } from 'vitest';
import { GuestLog } from './guest-log.js';
import { noRequests, type TestCase } from './test-case.js';

const module = (name: string) => ({ name, file: `/${name}.ko`, role: 'tested' }) as const;

const testCase = (name: string, ...modules: string[]): TestCase => ({
  name,
  loads: modules.map((one) => ({ module: module(one), parameters: [], required: true })),
  requests: noRequests,
  repeat: 1,
  isolated: false,
  timeoutMs: 1000,
  expect: {},
});

/** What a console shows: a line for the kernel begins with its level, one of init's with `>`. */
function told(cases: TestCase[], text: string): GuestLog {
  const log = new GuestLog(cases, 'n0');
  let at = 1;
  for (const line of text.trim().split('\n')) {
    at += 0.01;
    const said = line.trim();
    const time = `[    ${at.toFixed(6)}]`;
    log.take(
      said.startsWith('> ') ? `<12>${time} kbuild-ts n0 ${said.slice(2)}` : `<6>${time} ${said}`,
    );
  }
  return log;
}

describe('GuestLog', () => {
  it('tells a load that a signal cut short from one that was refused, and why one stays', () => {
    const { records } = told(
      [testCase('first', 'a', 'b')],
      `> ready
       > case 0
       > taint 0
       > load 0
       > loaded 0 0
       > load 1
       > loaded 1 137 Killed
       > unload 0
       > unloaded 0 1 rmmod: can't unload module 'a': Resource temporarily unavailable
       > end 0 4096
       > stop`,
    );
    expect(records[0]?.loads).toMatchObject([
      { module: 'a' },
      { module: 'b', error: 'SIGKILL', isCutShort: true },
    ]);
    expect(records[0]?.loads[0]?.isCutShort).toBeUndefined();
    expect(records[0]?.unloads).toMatchObject([{ module: 'a', error: 'EAGAIN' }]);
  });

  it('ends a guest whose kernel has complained, with or without a taint flag of it', () => {
    const text = (said: string) => `> ready
       > case 0
       > taint 0
       > load 0
       ${said}
       > loaded 0 0
       > end 0 4096`;
    const cases = [testCase('first', 'a'), testCase('second', 'a')];
    const log = told(cases, text('UBSAN: shift-out-of-bounds in a.c:9:11'));
    expect(log.end).toBe('stop');
    expect(log.records[0]?.reports).toMatchObject([{ kind: 'ubsan' }]);
    expect(told(cases, text('a: hello')).end).toBeUndefined();
  });

  it('knows how long what did not end has taken', () => {
    const log = told(
      [testCase('first', 'a')],
      `> ready
       > case 0
       > taint 0
       > load 0
       a: line
       a: line`,
    );
    log.break('flood');
    expect(log.records[0]?.end).toBe('flood');
    expect(log.records[0]?.milliseconds).toBeCloseTo(40, 3);
    expect(log.records[0]?.loads[0]?.milliseconds).toBeCloseTo(20, 3);
  });

  it('gives what modules were loaded with, and what the kernel said meanwhile', () => {
    const { records, end } = told(
      [testCase('first', 'a', 'b')],
      `> ready
       > case 0
       > taint 0
       > load 0
       a: hello
       > loaded 0 0
       > value 0 label one two
       > line 0 label three
       > more 0 label -and-more
       > load 1
       > loaded 1 19 insmod: can't insert '/modules/1.ko': No such device
       > unload 0
       a: goodbye
       > unloaded 0 0
       > end 0 4096
       > done`,
    );
    expect(end).toBe('done');
    expect(records).toHaveLength(1);
    const [record] = records;
    expect(record).toMatchObject({
      name: 'first',
      end: 'completed',
      taint: { before: 0, after: 4096 },
      leftBehind: [],
      loads: [
        { module: 'a', parameters: { label: 'one two\nthree-and-more' } },
        { module: 'b', error: 'ENODEV' },
      ],
      unloads: [{ module: 'a' }],
    });
    expect(record?.loads[0]?.messages.map(({ text }) => text)).toEqual(['a: hello']);
    expect(record?.loads[0]?.error).toBeUndefined();
    expect(record?.loads[0]?.milliseconds).toBeCloseTo(20, 3);
    expect(record?.unloads[0]?.messages.map(({ text }) => text)).toEqual(['a: goodbye']);
  });

  it('takes no word of a guest from what only looks like one', () => {
    const log = new GuestLog([testCase('first', 'a')], 'n0');
    log.take('<6>[    1.000000] kbuild-ts n0 done'); // a module said it
    log.take('<12>[    1.000000] kbuild-ts other done'); // another program
    log.take('kbuild-ts n0 done');
    expect(log.end).toBeUndefined();
  });

  it('says where a guest was that is no more', () => {
    const log = told(
      [testCase('first', 'a'), testCase('second', 'b')],
      `> ready
       > case 0
       > taint 0
       > load 0
       a: and then`,
    );
    log.break('hang');
    expect(log.records).toMatchObject([
      { name: 'first', end: 'hang', at: { step: 'load', module: 'a' } },
    ]);
    expect(log.records[0]?.tail.at(-1)?.text).toBe('a: and then');
  });

  it('tells of a guest that never came up', () => {
    const log = told([testCase('first', 'a')], 'Booting');
    log.break('lost');
    expect(log.records).toMatchObject([{ name: 'first', end: 'lost', at: { step: 'boot' } }]);
  });

  it('notices a flood, and goes on where each step says something', () => {
    const flood = new GuestLog([testCase('first', 'a')], 'n0');
    for (let i = 0; i < 5000; i++) flood.take(`<6>[    1.000000] line ${i}`);
    expect(flood.floods).toBe(false);
    flood.take('<6>[    1.000000] one more');
    expect(flood.floods).toBe(true);
  });

  it('tells of the last of several rounds', () => {
    const { records } = told(
      [testCase('again', 'a')],
      `> ready
       > case 0
       > taint 0
       > load 0
       > loaded 0 0
       > unload 0
       > unloaded 0 0
       > round 2
       > load 0
       > loaded 0 12 insmod: can't insert '/modules/0.ko': Cannot allocate memory
       > end 0 0
       > done`,
    );
    expect(records).toMatchObject([
      { repetitions: 2, loads: [{ module: 'a', error: 'ENOMEM' }], unloads: [] },
    ]);
  });

  it('tells what the kernel asked for, during what, and what was loaded for it', () => {
    const needed = {
      module: { ...module('c'), role: 'needed' as const },
      parameters: [],
      required: true,
    };
    const one = {
      ...testCase('first', 'a', 'b'),
      requests: { lookups: [], loads: { c: [needed] } },
    };
    const { records } = told(
      [one],
      `> ready
       > case 0
       > taint 0
       > load 0
       > asked 71 crypto-b
       > asked 72 crypto-x(y z)
       > served 71 1 0
       > unknown 72
       > asked 73 c
       > served 73 2 19 insmod: can't insert '/modules/2.ko': No such device
       > loaded 0 0
       > load 1
       > loaded 1 0
       > unload 0
       > unloaded 0 0
       > unload 1
       > unloaded 1 0
       > end 0 0
       > done`,
    );
    expect(records[0]?.requests).toEqual([
      { name: 'crypto-b', during: 'a', loads: [{ module: 'b' }] },
      { name: 'crypto-x(y z)', during: 'a', loads: [], isUnknown: true },
      { name: 'c', during: 'a', loads: [{ module: 'c', error: 'ENODEV' }] },
    ]);
    expect(records[0]?.unloads.map((unload) => unload.module)).toEqual(['a', 'b']);
  });
});
