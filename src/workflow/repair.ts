import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KbuildError, throwIfInterrupted } from '../errors/kbuild-error.js';
import type { Emit } from '../events/event.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import { prepare } from '../events/prepare.js';
import { checkImages } from './doctor.js';
import { findProgram } from '../runtime/find-program.js';
import { findEngineAndImages } from './session.js';

/** How long a Docker engine may take to answer after its start. Milliseconds. */
const startupTime = 30_000;

export interface RepairContext {
  cache: string;
  emit: Emit;
  signal: AbortSignal;
}

/**
 * Does what `doctor` would tell the user to do, on a Debian machine and as root: installs and
 * starts Docker, and installs mmdebstrap where no registry gives base images. What works already
 * is used as it is.
 * @throws KbuildError ENGINE_*, FETCH_FAILED if it cannot be mended from here
 */
export async function repair(context: RepairContext): Promise<void> {
  if (!(await answers())) {
    if (findProgram('dockerd') === undefined) {
      await installPackages(['docker.io', 'iptables', 'mmdebstrap'], context);
    }
    if (!(await answers())) await startEngine(context);
  }
  const { images } = await findEngineAndImages();
  const { status } = await checkImages(images);
  if (status === 'problem') await installPackages(['mmdebstrap'], context);
}

/** Whether an engine answers; what another engine would not mend is thrown. */
async function answers(): Promise<boolean> {
  try {
    const { images } = await findEngineAndImages();
    await images.info();
    return true;
  } catch (error) {
    const mendable =
      error instanceof KbuildError &&
      (error.code === 'ENGINE_NOT_FOUND' || error.code === 'ENGINE_NOT_RUNNING');
    if (!mendable || process.env.DOCKER_HOST) throw error;
    return false;
  }
}

async function installPackages(packages: string[], context: RepairContext): Promise<void> {
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) {
    throw new KbuildError(
      'FETCH_FAILED',
      `${packages.join(', ')} must be installed, which 'doctor --fix' can do as root on Debian only`,
      `Run 'sudo apt-get install ${packages.join(' ')}', or your distribution's equivalent.`,
    );
  }
  const { execa } = await import('execa');
  await prepare(context.emit, `packages ${packages.join(', ')}`, async (onLine) => {
    const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
    for (const args of [['update', '-q'], install]) {
      const env = { DEBIAN_FRONTEND: 'noninteractive' };
      const child = execa('apt-get', args, {
        all: true,
        env,
        reject: false,
        stdin: 'ignore',
        cancelSignal: context.signal,
      });
      for await (const line of child.iterable({ from: 'all' })) onLine(line);
      const { exitCode } = await child;
      throwIfInterrupted(context.signal);
      if (exitCode !== 0 && args === install) {
        throw new KbuildError(
          'FETCH_FAILED',
          `apt-get could not install ${packages.join(', ')} (exit ${exitCode})`,
          "Run 'kbuild-ts doctor --fix --verbose' to see what it said.",
        );
      }
    }
  });
}

/** Starts Docker by systemd where that runs, else by itself; it goes on after kbuild-ts has ended. */
async function startEngine({ cache, emit, signal }: RepairContext): Promise<void> {
  const { execa } = await import('execa');
  await prepare(emit, 'Docker engine', async (onLine) => {
    const systemd = await execa('systemctl', ['start', 'docker'], { reject: false });
    if (systemd.exitCode !== 0) {
      ensureDirectory(cache);
      const log = join(cache, 'dockerd.log');
      onLine(`no systemd: starting dockerd, which logs to ${log}`);
      const output = openSync(log, 'a');
      const program = findProgram('dockerd') ?? 'dockerd';
      const daemon = spawn(program, { detached: true, stdio: ['ignore', output, output] });
      daemon.on('error', (error) => {
        onLine(`${program}: ${error.message}`); // and then it does not answer
      });
      daemon.unref();
      closeSync(output);
    }
    const deadline = Date.now() + startupTime;
    while (Date.now() < deadline) {
      throwIfInterrupted(signal);
      if (await answers()) return;
      await sleep(200);
    }
    throw new KbuildError(
      'ENGINE_NOT_RUNNING',
      `Docker was started, but does not answer after ${startupTime / 1000} s`,
      `See its log: ${join(cache, 'dockerd.log')}, or 'journalctl -u docker' where systemd runs.`,
    );
  });
}
