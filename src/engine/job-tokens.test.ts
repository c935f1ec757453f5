import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { parallelWords, tokenFlags } from '../plan/parallelism.js';
import { makeJobTokens, type JobTokens } from './job-tokens.js';

async function onePipe(): Promise<JobTokens> {
  const [pipe] = (await makeJobTokens(join(temporaryDirectory(), 'tokens'), 1)) ?? [];
  return pipe!;
}

/** What a build does with a pipe. */
function inBuild(path: string, act: (descriptor: number) => void): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  act(descriptor);
  closeSync(descriptor);
}

describe('a pipe of tokens', () => {
  it('is a named pipe that every user may open', async () => {
    const { path } = await onePipe();
    const { mode } = statSync(path);
    expect(mode & constants.S_IFMT).toBe(constants.S_IFIFO);
    expect(mode & 0o777).toBe(0o666);
  });

  it('gives back what is not taken', async () => {
    const pipe = await onePipe();
    pipe.put(3);
    inBuild(pipe.path, (descriptor) => readSync(descriptor, Buffer.alloc(1)));
    expect(pipe.takeBack()).toBe(2);
    expect(pipe.out).toBe(1);
    expect(pipe.takeBack()).toBe(0);
    inBuild(pipe.path, (descriptor) => writeSync(descriptor, '+'));
    expect(pipe.takeBack()).toBe(1);
    expect(pipe.out).toBe(0);
  });

  it('counts no token that it did not put in', async () => {
    const pipe = await onePipe();
    pipe.put(1);
    inBuild(pipe.path, (descriptor) => writeSync(descriptor, '+'.repeat(5000)));
    expect(pipe.takeBack()).toBe(1);
    expect(pipe.out).toBe(0);
  });

  it('is as new after a build that kept its tokens', async () => {
    const pipe = await onePipe();
    pipe.put(2);
    inBuild(pipe.path, (descriptor) => readSync(descriptor, Buffer.alloc(2)));
    pipe.reset();
    expect(pipe.out).toBe(0);
    pipe.put(1);
    expect(pipe.takeBack()).toBe(1);
  });
});

describe('GNU make', () => {
  /** Four pieces of work that note when they begin and end. */
  const makefile = `all: a b c d
a b c d: ; @echo begin >> log; sleep 0.4; echo end >> log`;

  /** The most that ran at once. */
  async function most(pipe: JobTokens, tokens: number): Promise<number> {
    const directory = temporaryDirectory({ Makefile: makefile });
    pipe.put(tokens);
    const flags = tokenFlags({ tokens: pipe.path });
    const script = `exec 9<>${pipe.path}; MAKEFLAGS='${flags}' make -C ${directory}; cat ${directory}/log`;
    const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    let [running, top] = [0, 0];
    for (const line of said.split('\n')) {
      if (line === 'begin') top = Math.max(top, ++running);
      if (line === 'end') running--;
    }
    return top;
  }

  it.each([0, 1, 3])('runs one process, and one more for each of %i tokens', async (tokens) => {
    const pipe = await onePipe();
    expect(await most(pipe, tokens)).toBe(tokens + 1);
    expect(pipe.takeBack()).toBe(tokens);
  });

  it('takes tokens that come while it runs', async () => {
    const pipe = await onePipe();
    const run = most(pipe, 0);
    await sleep(200);
    pipe.put(2);
    expect(await run).toBe(3);
    expect(pipe.takeBack()).toBe(2);
  });

  it('is told of a share and of a load where there is no pipe', () => {
    expect(parallelWords({ processes: 3, load: 2.5 })).toEqual(['-j3', '-l2.5']);
    expect(parallelWords({ tokens: '/p', load: 2.5 })).toEqual([]);
    expect(tokenFlags({ tokens: '/p', load: 2.5 })).toBe(' -j -l2.5 --jobserver-auth=9,9');
  });
});
