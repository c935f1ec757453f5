import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Who made a thing that must not outlive its maker: a process, told apart from a later one
 * of the same PID by its start time (proc(5), `starttime`, in clock ticks since boot).
 */
export interface Owner {
  /** As `hostIdentity` gives it. */
  host: string;
  pid: number;
  started: string;
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie runs no more: it only waits for its parent to take note.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * Where a PID means something: the host, and its PID namespace. Two containers may share a host's
 * name and an engine's socket, and yet not see each other's processes.
 */
export function hostIdentity(): string {
  try {
    return `${hostname()}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

export function currentOwner(): Owner {
  return { host: hostIdentity(), pid: process.pid, started: startTime(process.pid) ?? '' };
}

export function formatOwner(owner: Owner): string {
  return `${owner.pid}:${owner.started}:${owner.host}`;
}

export function parseOwner(text: string): Owner | undefined {
  const [, pid, started, host] = /^(\d+):(\d*):(.+)$/.exec(text) ?? [];
  if (pid === undefined || started === undefined || host === undefined) return undefined;
  return { host, pid: Number(pid), started };
}

/** True only if it is certain that the owner is gone: it ran on this host and runs no more. */
export function isGone(owner: Owner): boolean {
  // Without proc(5) nothing is known of when it started, and nothing is certain.
  const known = owner.started !== '' && owner.host === hostIdentity();
  return known && startTime(owner.pid) !== owner.started;
}
