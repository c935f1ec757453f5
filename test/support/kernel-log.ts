import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { KernelMessage } from '../../src/vm/kernel-message.js';

const directory = fileURLToPath(new URL('../fixtures/kernel-logs/', import.meta.url));

/** The kernels of which logs are recorded: `6.1-arm64`. */
export const recordedKernels = readdirSync(directory, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The names of the logs that are recorded of a kernel. */
export function recordedLogs(kernel: string): string[] {
  return readdirSync(`${directory}${kernel}`).map((file) => file.replace(/\.log$/, ''));
}

/** What the kernel said (facility 0) in a log that was recorded with console_msg_format=syslog. */
export const recordedLog = (kernel: string, name: string): KernelMessage[] =>
  messagesOf(readFileSync(`${directory}${kernel}/${name}.log`, 'utf8'));

/** The kernel's own of the lines `<priority>[seconds] text` (console_msg_format=syslog, `dmesg -r`). */
export function messagesOf(text: string): KernelMessage[] {
  return text.split('\n').flatMap((line) => {
    const [, priority, seconds, said] = /^<(\d+)>\[ *([\d.]+)\] (.*)$/.exec(line) ?? [];
    if (said === undefined || Number(priority) > 7) return [];
    return [{ seconds: Number(seconds), level: Number(priority), text: said }];
  });
}

/** A log that is written down in a test. */
export const logOf = (text: string): KernelMessage[] =>
  text
    .replace(/^\n/, '')
    .split('\n')
    .map((line) => ({ text: line }));
