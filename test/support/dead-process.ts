import { spawnSync } from 'node:child_process';

/** The PID of a process that has ended and been waited for. */
export function deadProcess(): number {
  return spawnSync('true').pid;
}
