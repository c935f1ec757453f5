import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { start, type CliOptions } from './cli.js';

const patience = 60_000; // milliseconds

/** Starts `build --watch`, which the test ends, or its end. */
export function startWatch(args: string[], given: CliOptions = {}) {
  const child = start(['build', '--watch', ...args], given);
  onTestFinished(async () => {
    child.kill('SIGINT');
    await child;
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  let read = { stdout: 0, stderr: 0 };

  /** Waits for a line on stderr that was not there at the last wait. */
  const until = async (line: RegExp): Promise<void> => {
    for (const deadline = Date.now() + patience; Date.now() < deadline;) {
      if (line.test(said.stderr.slice(read.stderr))) return;
      if (child.exitCode !== null) break;
      await sleep(20);
    }
    throw new Error(`waited in vain for ${line.source} after:\n${said.stdout}\n${said.stderr}`);
  };
  /** What was said since the last wait, once the next change is waited for. */
  const round = async (): Promise<{ stdout: string; stderr: string }> => {
    await until(/^watching .*\n/m);
    const { stdout, stderr } = read;
    read = { stdout: said.stdout.length, stderr: said.stderr.length };
    return { stdout: said.stdout.slice(stdout), stderr: said.stderr.slice(stderr) };
  };
  return { child, until, round };
}
