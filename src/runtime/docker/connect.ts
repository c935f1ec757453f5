import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { KbuildError } from '../../errors/kbuild-error.js';

/** An engine that speaks Docker's API, and where it was found. */
export interface Engine {
  docker: Docker;
  address: string;
}

/**
 * The places where an engine may listen, in order: DOCKER_HOST, Docker's system socket, then the
 * rootless sockets of Docker and Podman, then Podman's system socket.
 */
function addresses(environment: NodeJS.ProcessEnv): string[] {
  if (environment.DOCKER_HOST) return [environment.DOCKER_HOST];
  const runtime = environment.XDG_RUNTIME_DIR;
  const sockets = [
    '/var/run/docker.sock',
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
  ];
  return sockets.map((path) => `unix://${path}`);
}

/**
 * Finds an engine without talking to it.
 * @throws KbuildError ENGINE_NOT_FOUND, ENGINE_PERMISSION
 */
export function findEngine(environment: NodeJS.ProcessEnv = process.env): Engine {
  const candidates = addresses(environment);
  for (const address of candidates) {
    const socket = /^unix:\/\/(.+)$/.exec(address)?.[1];
    if (socket === undefined) return { docker: remoteEngine(address), address };
    if (!existsSync(socket)) continue;
    try {
      accessSync(socket, constants.R_OK | constants.W_OK);
    } catch (cause) {
      throw permissionDenied(address, cause);
    }
    return { docker: new Docker({ socketPath: socket }), address };
  }
  throw new KbuildError(
    'ENGINE_NOT_FOUND',
    `no container engine found (looked at ${candidates.join(', ')})`,
    "Start Docker or Podman's API service, or let 'kbuild-ts doctor --fix' set Docker up on Debian. With compilers on this machine, '--runtime host' needs no engine.",
  );
}

/** An engine by DOCKER_HOST, which dockerode itself reads, DOCKER_TLS_VERIFY and such included. */
function remoteEngine(address: string): Docker {
  if (/^(tcp|https?|ssh):\/\/[^/]/.test(address)) return new Docker();
  throw new KbuildError(
    'ENGINE_NOT_FOUND',
    `DOCKER_HOST is '${address}', which is no address of a container engine`,
    'Write unix:///path/of/the.sock or tcp://host:port, or unset it.',
  );
}

function permissionDenied(address: string, cause: unknown): KbuildError {
  return new KbuildError(
    'ENGINE_PERMISSION',
    `no permission to use the container engine at ${address}`,
    "Add your user to the group that owns the socket ('sudo usermod -aG docker $USER', then log in again), or use a rootless engine.",
    { cause },
  );
}

/** Any failure of an API call as a KbuildError that names the engine. */
export function engineError(error: unknown, address: string, doing: string): KbuildError {
  if (error instanceof KbuildError) return error;
  const { code, statusCode, message } = error as NodeJS.ErrnoException & { statusCode?: number };
  if (code === 'EACCES') return permissionDenied(address, error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE') {
    return new KbuildError(
      'ENGINE_NOT_RUNNING',
      `the container engine at ${address} does not answer (${code}) while ${doing}`,
      "Start it ('systemctl start docker', or 'kbuild-ts doctor --fix' on Debian) and run the command again.",
      { cause: error },
    );
  }
  return new KbuildError(
    'ENGINE_FAILED',
    `the container engine at ${address} failed while ${doing}: ${message}${statusCode === undefined ? '' : ` (HTTP ${statusCode})`}`,
    "See the engine's own log; 'kbuild-ts doctor' checks what kbuild-ts needs of it.",
    { cause: error },
  );
}
