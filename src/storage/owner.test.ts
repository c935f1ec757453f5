import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { deadProcess } from '../../test/support/dead-process.js';
import { currentOwner, formatOwner, isGone, parseOwner, hostIdentity } from './owner.js';

describe('currentOwner', () => {
  it('is this process on this host, with its start time from proc(5)', () => {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // Field 22; the command, field 2, may hold spaces.
    const starttime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3];
    expect(currentOwner()).toEqual({ host: hostIdentity(), pid: process.pid, started: starttime });
  });
});

describe('parseOwner', () => {
  it('reads what formatOwner writes', () => {
    const owners = [
      currentOwner(),
      { host: 'host:with:colons', pid: 1, started: '0' },
      { host: 'no-proc', pid: 77, started: '' },
    ];
    for (const owner of owners) expect(parseOwner(formatOwner(owner))).toEqual(owner);
  });

  it.each(['', 'x', '12', '12:34', '12:34:', ':1:host', '-1:2:host', 'a:1:host'])(
    'finds no owner in %j',
    (text) => {
      expect(parseOwner(text)).toBeUndefined();
    },
  );
});

describe('isGone', () => {
  it('is false for a process that runs', async () => {
    expect(isGone(currentOwner())).toBe(false);
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ');
    const owner = { host: hostIdentity(), pid: child.pid ?? 0, started: stat[21] ?? '' };
    expect(isGone(owner)).toBe(false);
    child.stdin.end();
    await once(child, 'exit');
    expect(isGone(owner)).toBe(true);
  });

  it('is true for a zombie, which has ended though its PID is still there', async () => {
    // What the shell becomes does not know that it has a child, and never takes note of its end.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 100'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const fields = () => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    };
    const owner = { host: hostIdentity(), pid, started: fields()[22 - 3] ?? '' };
    try {
      for (let tries = 0; fields()[0] !== 'Z' && tries < 500; tries++) await sleep(10);
      expect([fields()[0], fields()[22 - 3]]).toEqual(['Z', owner.started]);
      expect(isGone(owner)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is true for a process that has ended, and for a later one of its PID', () => {
    expect(isGone({ host: hostIdentity(), pid: deadProcess(), started: '12345' })).toBe(true);
    expect(isGone({ ...currentOwner(), started: '1' })).toBe(true);
  });

  it('is false for a process of another host, of which nothing is known', () => {
    expect(isGone({ host: `not-${hostIdentity()}`, pid: deadProcess(), started: '1' })).toBe(false);
  });

  it('is false for a process whose start time was not known: it may still run', () => {
    expect(isGone({ ...currentOwner(), started: '' })).toBe(false);
  });
});
