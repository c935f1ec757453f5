import type { Usage } from '../port.js';

/** No build prints it: what follows is the entry's own word. */
const mark = '\u0001kbuild-ts usage ';

/**
 * What a container begins with: it waits for a line on its standard input, then runs the script that
 * it is given as `$0`, and says last, on standard error, what all processes of the container took:
 * nanoseconds on a CPU, and the most bytes of memory (cgroup v1, or v2 since Linux 5.19). A container
 * whose client is gone ends by itself.
 */
export const entry = `read -r go || exit 125
exec < /dev/null
sh -c "$0"
status=$?
{
  read -r cpu < /sys/fs/cgroup/cpuacct/cpuacct.usage &&
    read -r memory < /sys/fs/cgroup/memory/memory.max_usage_in_bytes
} 2> /dev/null || {
  while read -r name value; do
    [ "$name" != usage_usec ] || cpu=\${value}000
  done < /sys/fs/cgroup/cpu.stat
  read -r memory < /sys/fs/cgroup/memory.peak
} 2> /dev/null
printf '\\001kbuild-ts usage %s %s\\n' "$cpu" "$memory" >&2
exit $status`;

/** Begins the script of a container that waits. */
export const go = '\n';

/** Takes the entry's last word out of the lines of a container. */
export class EntryLines {
  /** Whether the entry came to its end: if not, something outside has ended the container. */
  ended = false;
  usage: Usage | undefined;

  /** @param onEnd called when the script has ended, some time before its container has */
  constructor(
    readonly onLine: (line: string) => void,
    readonly onEnd: () => void = () => undefined,
  ) {}

  take(line: string): void {
    const at = line.lastIndexOf(mark);
    if (at === -1) {
      this.onLine(line);
      return;
    }
    if (at > 0) this.onLine(line.slice(0, at)); // what the script printed without a newline
    const [, cpu, memory] = /^(\d{1,18}) (\d{1,15})$/.exec(line.slice(at + mark.length)) ?? [];
    if (cpu !== undefined && memory !== undefined) {
      this.usage = { cpuMilliseconds: Number(cpu) / 1e6, memoryBytes: Number(memory) };
    } // else an engine that does not count
    this.ended = true;
    this.onEnd();
  }
}
