import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { KvmKnowledge } from './accelerator.js';
import { Machines } from './machines.js';
import type { Qemu } from './qemu.js';
import { runCases } from './run-cases.js';
import { noRequests, type TestCase } from './test-case.js';

const testCase = (name: string, isolated = false): TestCase => ({
  name,
  loads: [],
  script: name, // so that a guest's initramfs says which cases it is for
  requests: noRequests,
  repeat: 1,
  isolated,
  timeoutMs: 1000,
  expect: {},
});

/** How a QEMU behaves that has no guest: what it says is what init would say, of cases that end at once. */
interface Behaviour {
  /** The guest is of no more use after these. */
  spoils?: (name: string) => boolean;
  /** It ends before the guest has said a word. */
  isDead?: boolean;
  exitCode?: number;
}

function without(
  { spoils = () => false, isDead = false, exitCode }: Behaviour,
  guests: string[][],
) {
  let running = 0;
  let most = 0;
  const qemu: Qemu = {
    program: 'qemu',
    version: () => Promise.resolve(undefined),
    mayUseKvm: false,
    start({ initramfs }, _, __, { onLine }) {
      const content = readFileSync(initramfs, 'latin1');
      const [, nonce = ''] = /kt_nonce='?(\w+)/.exec(content) ?? [];
      const names = Array.from(content.matchAll(/kt-name:([\w ]+);/g), ([, name = '']) => name);
      guests.push(names);
      running += 1;
      most = Math.max(most, running);
      const say = (words: string) => {
        onLine(`<12>[    1.000000] kbuild-ts ${nonce} ${words}`);
      };
      const life = async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (!isDead && exitCode === undefined) {
          say('ready');
          for (const [i, name] of names.entries()) {
            say(`case ${i}`);
            onLine(`<6>[    1.000000] now ${name}`);
            say(`end ${i} 0`);
            if (!spoils(name)) continue;
            say('stop');
            break;
          }
          say('done');
        }
        running -= 1;
        return { exitCode: isDead ? 0 : exitCode, said: 'no' };
      };
      return { kill: () => undefined, ended: life() };
    },
  };
  return { qemu, most: () => most };
}

async function run(
  cases: TestCase[],
  machines: number,
  behaviour: Behaviour = {},
  guests: string[][] = [],
) {
  const scratch = temporaryDirectory({ busybox: '' });
  let consoles = 0;
  const { qemu, most } = without(behaviour, guests);
  const result = await runCases(
    cases.map((one) => ({ ...one, script: `kt-name:${one.name};` })),
    {
      arch: archByName('x86_64'),
      kernel: '/kernel',
      busybox: join(scratch, 'busybox'),
      qemu,
      choice: 'tcg',
      kvm: new KvmKnowledge(scratch, '/nowhere'),
      memoryBytes: 2 ** 20,
      cpus: 1,
      commandLine: [],
      bootTimeoutMs: 1000,
    },
    {
      scratch,
      consoleOf: () => join(scratch, `${(consoles += 1)}.log`),
      machines: new Machines(machines),
      signal: new AbortController().signal,
    },
  );
  const tried = new Map([...result.tried].map(([{ name }, one]) => [name, one]));
  return { ...result, tried, guests, most: most() };
}

const names = (count: number, prefix = 'case'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

describe('runCases', () => {
  it('needs one guest for cases that leave all as it was, however many machines there are', async () => {
    const { guests, tried } = await run(
      names(10).map((name) => testCase(name)),
      4,
    );
    expect(guests).toEqual([names(10)]);
    expect([...tried.keys()]).toEqual(names(10));
  });

  it('deals what a spoilt guest leaves to the machines that are free', async () => {
    const { guests, tried, most } = await run(
      names(7).map((name) => testCase(name)),
      3,
      { spoils: () => true },
    );
    expect(guests[0]).toEqual(names(7));
    expect(guests.filter((one) => one.length === 2).sort()).toEqual([
      ['case 1', 'case 4'],
      ['case 2', 'case 5'],
      ['case 3', 'case 6'],
    ]);
    expect(guests).toHaveLength(7);
    expect(most).toBe(3);
    expect(new Set(tried.keys())).toEqual(new Set(names(7)));
  });

  it('goes on in one guest where no other machine is free', async () => {
    const { guests, most } = await run(
      names(3).map((name) => testCase(name)),
      1,
      { spoils: (name) => name === 'case 0' },
    );
    expect(guests).toEqual([names(3), ['case 1', 'case 2']]);
    expect(most).toBe(1);
  });

  it('gives those that want it a guest of their own, side by side, and tells which console is whose', async () => {
    const cases = [
      testCase('with others 0'),
      testCase('alone 0', true),
      testCase('with others 1'),
      testCase('alone 1', true),
    ];
    const { guests, most, tried } = await run(cases, 2);
    expect([...guests].sort()).toEqual([
      ['alone 0'],
      ['alone 1'],
      ['with others 0', 'with others 1'],
    ]);
    expect(most).toBe(2);
    for (const [name, { record, console }] of tried) {
      expect(record.name).toBe(name);
      expect(readFileSync(console, 'utf8')).toContain(`now ${name}\n`);
    }
    expect(tried.get('with others 0')?.console).toBe(tried.get('with others 1')?.console);
  });

  it('does not try a kernel again that did not come up', async () => {
    const { guests, tried } = await run(
      names(5).map((name) => testCase(name, true)),
      2,
      { isDead: true },
    );
    expect([...guests].sort()).toEqual([['case 0'], ['case 1']]);
    expect(tried.size).toBe(5);
    for (const [name, { record }] of tried) {
      expect(record).toMatchObject({ name, end: 'lost', at: { step: 'boot' } });
    }
  });

  it('starts no guest any more when QEMU fails', async () => {
    const guests: string[][] = [];
    const cases = names(5).map((name) => testCase(name, true));
    await expect(run(cases, 1, { exitCode: 1 }, guests)).rejects.toMatchObject({
      code: 'VM_FAILED',
    });
    expect(guests).toEqual([['case 0']]);
  });
});
