import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
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
  const sockets = candidates.map((address) => /^unix:\/\/(.+)$/.exec(address)?.[1]);
  const remote = candidates.find((_, i) => sockets[i] === undefined);
  if (remote !== undefined) return { docker: remoteEngine(remote, environment), address: remote };
  const socketPath = chooseSocket(sockets.filter((path) => path !== undefined));
  if (socketPath !== undefined) {
    return { docker: new Docker({ socketPath }), address: `unix://${socketPath}` };
  }
  throw new KbuildError(
    'ENGINE_NOT_FOUND',
    `no container engine found (looked at ${candidates.join(', ')})`,
    "Start Docker or Podman's API service, or let 'kbuild-ts doctor --fix' set Docker up on Debian. With compilers on this machine, '--runtime host' needs no engine.",
  );
}

/**
 * The first socket that may be used. One on which nobody listens is the last choice, rather than
 * none: that of an engine outside our network namespace looks the same.
 * @throws KbuildError ENGINE_PERMISSION if there are sockets, but none that may be used
 */
export function chooseSocket(paths: readonly string[]): string | undefined {
  const permitted: string[] = [];
  let denied: KbuildError | undefined;
  for (const path of paths) {
    if (!isSocket(path)) continue;
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      permitted.push(path);
    } catch (cause) {
      denied ??= permissionDenied(`unix://${path}`, cause);
    }
  }
  if (permitted.length === 0 && denied !== undefined) throw denied;
  const listening = listeningSockets();
  return permitted.find((path) => listening.has(realPath(path))) ?? permitted[0];
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

/** The sockets that somebody listens on: those of /proc/net/unix with the flag __SO_ACCEPTCON. */
function listeningSockets(): Set<string> {
  try {
    const lines = readFileSync('/proc/net/unix', 'utf8').matchAll(
      /: \w+ \w+ 00010000 .*? (\/.*)$/gm,
    );
    return new Set(Array.from(lines, ([, path = '']) => realPath(path)));
  } catch {
    return new Set();
  }
}

/** A path without links in it, such as /var/run; as it is, if it leads nowhere (any more). */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** An engine elsewhere, by DOCKER_HOST. Its certificates dockerode takes from DOCKER_CERT_PATH. */
function remoteEngine(address: string, environment: NodeJS.ProcessEnv): Docker {
  if (/^(tcp|https?|ssh):\/\/[^/]/.test(address) && URL.canParse(address)) {
    const { protocol, hostname, port, username } = new URL(address);
    const place = { host: hostname, port };
    if (protocol === 'ssh:') {
      const { SSH_AUTH_SOCK: agent } = environment;
      const sshOptions = agent === undefined ? {} : { agent };
      return new Docker({ ...place, protocol: 'ssh', username, sshOptions });
    }
    const tls = protocol === 'https:' || environment.DOCKER_TLS_VERIFY === '1' || port === '2376';
    return new Docker({ ...place, protocol: tls ? 'https' : 'http' });
  }
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
    "Add your user to the group that owns the socket ('sudo usermod -aG docker $USER', then log in again).",
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
