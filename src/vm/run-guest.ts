import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Arch } from '../arch/arch.js';
import { KbuildError, throwIfInterrupted } from '../errors/kbuild-error.js';
import type { CaseRecord } from './case-record.js';
import { guestImage } from './guest-image.js';
import { GuestLog } from './guest-log.js';
import { qemuArguments, type Accelerator } from './qemu-arguments.js';
import type { Qemu, QemuEnd, RunningGuest } from './qemu.js';
import type { TestCase } from './test-case.js';

/** What a guest is to be. */
export interface GuestSpec {
  arch: Arch;
  /** The kernel's bootable image. */
  kernel: string;
  /** A static BusyBox for the arch. */
  busybox: string;
  qemu: Qemu;
  accelerator: Accelerator;
  memoryBytes: number;
  cpus: number;
  commandLine: readonly string[];
  /** How long it may take from the start to init's first word. Milliseconds. */
  bootTimeoutMs: number;
}

export interface GuestRun {
  /** For each case that was tried, in order. The others want another guest. */
  records: CaseRecord[];
  /** From QEMU's start to the first word of init; absent if it never came. Milliseconds. */
  bootMs?: number;
}

export interface GuestContext {
  /** A directory of this run. */
  scratch: string;
  /** Where the console is written to. */
  log: string;
  signal: AbortSignal;
}

/** A step that is not done in its time is told of by the guest itself; if that hangs too, by us. Milliseconds. */
const grace = 6_000;

/** What a guest may take to tell of its tasks, once it has noticed that it hangs. Milliseconds. */
const lastWords = 3_000;

/**
 * Boots a kernel and tries cases in it, one after the other, until one of them leaves it in a state that
 * says nothing about the next.
 * @throws KbuildError VM_FAILED if QEMU itself does not run; INTERRUPTED
 */
export async function runGuest(
  cases: readonly TestCase[],
  spec: GuestSpec,
  { scratch, log: logPath, signal }: GuestContext,
): Promise<GuestRun> {
  throwIfInterrupted(signal);
  const nonce = randomBytes(6).toString('hex');
  const initramfs = join(scratch, `initramfs-${nonce}.cpio`);
  await writeFile(initramfs, await guestImage({ cases, busybox: spec.busybox, nonce }));
  const file = createWriteStream(logPath, { flags: 'a' });
  const log = new GuestLog(cases, nonce);
  const start = performance.now();
  let bootMs: number | undefined;
  let broken: 'hang' | 'flood' | undefined;
  let guest: RunningGuest | undefined;
  const watchdog = new Watchdog(spec.bootTimeoutMs, () => {
    broken = 'hang';
    guest?.kill();
  });
  const onLine = (line: string) => {
    file.write(`${line}\n`);
    const isWord = log.take(line);
    if (log.readySeconds !== undefined) bootMs ??= performance.now() - start;
    if (log.floods && broken === undefined) {
      broken = 'flood';
      guest?.kill();
    }
    if (!isWord) return;
    if (log.end === 'hang') {
      broken ??= 'hang';
      watchdog.set(lastWords);
    } else if (log.end !== undefined) {
      watchdog.stop();
      guest?.kill();
    } else if (bootMs !== undefined) watchdog.set(longestStep(cases, log) + grace);
  };
  let end: QemuEnd;
  try {
    guest = spec.qemu.start(
      { kernel: spec.kernel, initramfs },
      (files) => qemuArguments({ ...spec, ...files }),
      spec.memoryBytes,
      { onLine, signal },
    );
    end = await guest.ended;
  } finally {
    watchdog.stop();
    file.end();
    await Promise.all([finished(file), rm(initramfs, { force: true })]);
  }
  throwIfInterrupted(signal);
  if (end.exitCode !== undefined && end.exitCode !== 0) throw qemuFailed(spec.qemu.program, end);
  if (log.end === undefined || log.end === 'hang' || log.end === 'hung')
    log.break(broken ?? 'lost');
  return { records: log.records, ...(bootMs !== undefined && { bootMs }) };
}

/** Between cases a guest looks at what is there, which takes its time too. */
function longestStep(cases: readonly TestCase[], { records }: GuestLog): number {
  return (cases[records.length] ?? cases.at(-1))?.timeoutMs ?? 0;
}

/** Calls when nothing was set anew for some time. */
class Watchdog {
  #timer: NodeJS.Timeout;

  constructor(
    milliseconds: number,
    readonly onSilence: () => void,
  ) {
    this.#timer = setTimeout(onSilence, milliseconds);
  }

  set(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.onSilence, milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

const qemuFailed = (program: string, { exitCode, said }: QemuEnd): KbuildError =>
  new KbuildError(
    'VM_FAILED',
    `${program} ended with ${exitCode ?? 'a signal'}: ${said.trim().split('\n').at(-1) ?? ''}`,
    'Check that QEMU runs here, and what --append, --memory and --cpus say.',
  );
