import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { BuildSlots, buildPlaces, type Budget, type Turn } from './build-slots.js';
import { makeJobTokens, type JobTokens } from './job-tokens.js';

const opened: BuildSlots[] = [];
afterEach(() => {
  for (const slots of opened.splice(0)) slots.close();
});

interface Setup {
  slots: BuildSlots;
  pipes: JobTokens[];
  abort: AbortController;
}

async function setUp(budget: Partial<Budget>, withPipes = true): Promise<Setup> {
  const abort = new AbortController();
  const whole = { processes: 2, memoryBytes: 1000, ...budget };
  const places = buildPlaces(whole.processes);
  const pipes = (await makeJobTokens(join(temporaryDirectory(), 'tokens'), places)) ?? [];
  const slots = new BuildSlots(whole, withPipes ? pipes : undefined, abort.signal);
  opened.push(slots);
  return { slots, pipes, abort };
}

const claim = (weight: number, memoryBytes = 1) => ({ weight, memoryBytes });

/** Whether a promise has resolved by now, or soon. */
const isDone = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), sleep(20).then(() => false)]);

/** Enters and begins; gives the turn and whether it may begin. */
async function build(slots: BuildSlots, weight = 1, memoryBytes = 1) {
  const turn = await slots.enter(claim(weight, memoryBytes));
  const begun = turn.begin();
  begun.catch(() => undefined);
  return { turn, begun };
}

const tokensOf = (pipes: readonly JobTokens[]) => pipes.reduce((sum, { out }) => sum + out, 0);

describe('the turns of builds', () => {
  it('let as many run as there are processes, and the next when one ends', async () => {
    const { slots } = await setUp({});
    const [a, b, c] = [await build(slots), await build(slots), await build(slots)];
    expect(await isDone(a.begun)).toBe(true);
    expect(await isDone(b.begun)).toBe(true);
    expect(await isDone(c.begun)).toBe(false);
    a.turn.end();
    expect(await isDone(c.begun)).toBe(true);
  });

  it('let no more be made ready than have a place, the heaviest first', async () => {
    const { slots } = await setUp({ processes: 1 });
    const turns: (Turn & { weight: number })[] = [];
    for (const weight of [1, 5, 3, 9]) {
      void slots.enter(claim(weight)).then((turn) => turns.push({ ...turn, weight }));
    }
    await sleep(20);
    expect(turns.map(({ weight }) => weight)).toEqual([9, 5, 3]);
    turns[0]!.end();
    await sleep(20);
    expect(turns.map(({ weight }) => weight)).toEqual([9, 5, 3, 1]);
  });

  it('keep a process for a heavier one that is being made ready', async () => {
    const { slots } = await setUp({ processes: 1 });
    const heavy = await slots.enter(claim(9));
    const light = await build(slots, 1);
    expect(await isDone(light.begun)).toBe(false);
    const begun = heavy.begin();
    expect(await isDone(begun)).toBe(true);
    heavy.end();
    expect(await isDone(light.begun)).toBe(true);
  });

  it('do not wait for a heavier one that never comes to its beginning', async () => {
    const { slots } = await setUp({ processes: 1 });
    const heavy = await slots.enter(claim(9));
    const light = await build(slots, 1);
    heavy.end();
    expect(await isDone(light.begun)).toBe(true);
  });

  it('heed the memory that builds hold together', async () => {
    const { slots } = await setUp({ processes: 4, memoryBytes: 1000 });
    const a = await build(slots, 3, 600);
    expect(await isDone(a.begun)).toBe(true);
    const b = await build(slots, 2, 600);
    const c = await build(slots, 1, 300);
    expect(await isDone(b.begun)).toBe(false);
    expect(await isDone(c.begun)).toBe(true);
    a.turn.end();
    expect(await isDone(b.begun)).toBe(true);
  });

  it('begin nothing beside another above the load, and do so alone', async () => {
    const { slots } = await setUp({ load: 0.000001 });
    const a = await build(slots);
    const b = await build(slots);
    expect(await isDone(a.begun)).toBe(true);
    expect(await isDone(b.begun)).toBe(false);
    a.turn.end();
    expect(await isDone(b.begun)).toBe(true);
  });

  it.each(['entering', 'ready'])('end with the run for who is %s', async (where) => {
    const { slots, abort } = await setUp({ processes: 1 });
    await build(slots);
    const waits =
      where === 'ready'
        ? (await build(slots)).begun
        : (await slots.enter(claim(1)), await slots.enter(claim(1)), slots.enter(claim(1)));
    abort.abort();
    await expect(waits).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(slots.enter(claim(1))).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('the processes that are left', () => {
  it('go as tokens to who runs, and are never more than there are', async () => {
    const { slots, pipes } = await setUp({ processes: 6 });
    const a = await build(slots);
    await a.begun;
    expect(tokensOf(pipes)).toBe(5);
    const b = await build(slots);
    await b.begun;
    expect(tokensOf(pipes)).toBe(4);
    a.turn.end();
    expect(tokensOf(pipes)).toBe(5);
  });

  it('come back from who does not use them, for another to begin', async () => {
    const { slots, pipes } = await setUp({ processes: 2 });
    const a = await build(slots);
    await a.begun;
    expect(tokensOf(pipes)).toBe(1);
    const b = await build(slots);
    expect(await isDone(b.begun)).toBe(true);
    expect(tokensOf(pipes)).toBe(0);
  });

  it('are not waited for in vain where a build keeps them', async () => {
    const { slots, pipes } = await setUp({ processes: 2 });
    const a = await build(slots);
    await a.begun;
    const mine = pipes.find(({ out }) => out > 0)!;
    const descriptor = openSync(mine.path, constants.O_RDWR | constants.O_NONBLOCK);
    readSync(descriptor, Buffer.alloc(1));
    closeSync(descriptor);
    const b = await build(slots);
    expect(await isDone(b.begun)).toBe(false);
    a.turn.end();
    expect(await isDone(b.begun)).toBe(true);
    expect(tokensOf(pipes)).toBe(1);
  });

  it('are shared out beforehand where there are no pipes', async () => {
    const { slots } = await setUp({ processes: 4 }, false);
    const entering = [slots.enter(claim(1)), slots.enter(claim(1))];
    const [a, b] = await Promise.all(entering);
    expect([a?.parallelism, b?.parallelism]).toEqual([{ processes: 2 }, { processes: 2 }]);
  });
});
