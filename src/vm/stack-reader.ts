import type { StackFrame } from './kernel-reports.js';

const place = String.raw`[^\s+]+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[[^\]]+\])?|0x[0-9a-f]+`;
/** `[<address>]` stood before it until Linux 4.x, and does in what kmemleak says, or what hides it; (P) since 6.13 on arm64. */
const frame = new RegExp(
  String.raw`^\s*(?:\[<[^>]*>\] ?)?(?<guess>\? )?(?<text>${place})(?: \(\w+\))?$`,
);
/** Where the CPU was: x86 (0033 is user space's code segment), arm64. */
const interrupted = new RegExp(`^(?:RIP: (?!0033)[0-9a-f]{4}:|pc : )(?<text>${place})`);
const traceBegins =
  /^\s*(?:Call [Tt]race:|backtrace(?: \(crc [0-9a-f]+\))?:|(?:read|write|race at).* by (?:task|interrupt).*:)/;
/** A lock that is held, and where it was taken: of lockdep. Not in code that is gone, as that of init. */
const lockTaken = new RegExp(String.raw`^ #\d+: .* at: (?!0x)(?<text>${place})$`);
/** RCU tells of its own thread first, which waits for the CPU that is at fault. */
const ofOther = /^rcu: RCU grace-period kthread stack dump:/;
/** What stands between the frames of one trace. */
const between = /^\s*<\/?[A-Z0-9_ -]+>|^(?:RIP|RSP|RAX|RDX|RBP|R\d\d|[DF]S|CR\d|DR\d|Code): ?/;

/**
 * Reads the first stack trace of a report, line by line. In place of one, where there is none: the places
 * where locks were taken that are still held.
 */
export class StackReader {
  readonly frames: StackFrame[] = [];
  #state: 'before' | 'others' | 'within' | 'after' = 'before';
  #locks = 0;

  read(line: string): void {
    const cpu = interrupted.exec(line)?.groups?.text;
    if (cpu !== undefined) {
      if (this.frames.length === 0 || this.#state === 'within')
        this.frames.push({ text: cpu, interrupted: true });
    } else if (this.#state === 'before' && ofOther.test(line)) {
      this.#state = 'others';
    } else if (this.#state === 'others') {
      if (traceBegins.test(line)) this.#state = 'before';
    } else if (traceBegins.test(line)) {
      if (this.#state === 'before') this.frames.splice(0, this.#locks);
      this.#state = this.#state === 'before' ? 'within' : 'after';
    } else if (this.#state === 'within') {
      this.#readWithin(line);
    } else if (this.#state === 'before' && this.frames.length === this.#locks) {
      const taken = lockTaken.exec(line)?.groups?.text;
      if (taken !== undefined) this.#locks = this.frames.push({ text: taken });
    }
  }

  #readWithin(line: string): void {
    const groups = frame.exec(line)?.groups;
    if (groups?.text === undefined) {
      if (!between.test(line)) this.#state = 'after';
      return;
    }
    // arm64's trace begins with the place that the registers tell.
    const [first] = this.frames;
    const again = this.frames.length === 1 && first?.interrupted && first.text === groups.text;
    if (groups.guess === undefined && !again) this.frames.push({ text: groups.text });
  }
}
