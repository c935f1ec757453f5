import { cpus, loadavg, release, totalmem } from 'node:os';
import { execa } from 'execa';

/** What the numbers were measured on, and what else it did at the beginning. */
export async function describeMachine(): Promise<string> {
  const [cpu] = cpus();
  const engine = await execa('docker', ['version', '--format', '{{.Server.Version}}']);
  return [
    `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release().replace(/-.*/, '')}`,
    `Docker ${engine.stdout}`,
    `Node ${process.version}`,
    `load ${startLoad.toFixed(2)} before it began`,
  ].join(', ');
}

/** Of the last minute: on a machine that others use, the numbers are theirs too. */
const [startLoad = NaN] = loadavg();
