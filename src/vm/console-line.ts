import type { KernelMessage } from './kernel-message.js';

/** A line of a guest's console: a message of the kernel's log, with who gave it. */
export interface ConsoleLine extends KernelMessage {
  /** It came through /dev/kmsg: the kernel's own messages have facility 0. */
  fromProgram: boolean;
}

/**
 * Reads a line as a kernel prints it that was booted with `console_msg_format=syslog printk.time=1`:
 * `<6>[    1.234567] text`, the number being facility × 8 + level (Linux 4.17 and later). Any other
 * line is text, of nobody.
 */
export function readConsoleLine(line: string): ConsoleLine {
  // With CONFIG_PRINTK_CALLER there is a `[T12]` besides.
  const match = /^<(\d{1,3})>(?:\[ *(\d+\.\d+)\])?(?:\[ *[TC]\d+\])? ?(.*)$/s.exec(line);
  if (match === null) return { text: line, fromProgram: false };
  const [, priority = '', seconds, text = ''] = match;
  return {
    ...(seconds !== undefined && { seconds: Number(seconds) }),
    level: Number(priority) & 7,
    text,
    fromProgram: Number(priority) >= 8,
  };
}

/** Cuts what a console prints into lines. */
export class ConsoleLines {
  #rest = '';
  readonly #decoder = new TextDecoder();

  constructor(readonly onLine: (line: string) => void) {}

  write(chunk: Uint8Array): void {
    const lines = `${this.#rest}${this.#decoder.decode(chunk, { stream: true })}`.split('\n');
    this.#rest = lines.pop() ?? '';
    // A kernel that prints without end and without a newline is no reason to hold it all.
    if (this.#rest.length > longest) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    for (const line of lines) this.onLine(line.replaceAll('\r', ''));
  }

  end(): void {
    if (this.#rest !== '') this.onLine(this.#rest.replaceAll('\r', ''));
    this.#rest = '';
  }
}

const longest = 65536;
