import { spawn } from 'node:child_process';
import { KbuildError } from '../errors/kbuild-error.js';

export interface OpensslRun {
  /** What goes to its standard input. */
  input: Uint8Array;
  /** What it reads as the first line of file descriptor 3 (`-passin fd:3`). */
  secret: string;
  environment: NodeJS.ProcessEnv;
}

export interface OpensslOutcome {
  stdout: Buffer;
  stderr: string;
  /** It was ended because it took too long. */
  late: boolean;
}

/** A token that wants a finger on it gets this long. */
const timeLimitMs = 60_000;
const outputLimit = 64 * 1024;

/**
 * No core file may hold a PIN, and PKCS#11 libraries do crash at exit. A limit of one byte stops
 * a piped core too, which a limit of 0 does not (core(5), fs/coredump.c).
 */
const withoutCore =
  'prlimit --pid $$ --core=1:1 2>/dev/null || ulimit -c 0 2>/dev/null; exec openssl "$@"';

/**
 * Runs the openssl program. The secret goes through a pipe: not by arguments or environment, which
 * other processes can read. It has no terminal that it could ask for a PIN.
 * @throws KbuildError SIGN_PKCS11 if there is no such program
 */
export async function runOpenssl(
  args: readonly string[],
  { input, secret, environment }: OpensslRun,
): Promise<OpensslOutcome> {
  const child = spawn('/bin/sh', ['-c', withoutCore, 'sh', ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: environment,
    detached: true, // a session of its own: /dev/tty cannot be opened
  });
  const streams = child.stdio;
  feed(streams[0], input);
  feed(streams[3] as NodeJS.WritableStream, `${secret}\n`);
  const [stdout, stderr] = [collect(streams[1]), collect(streams[2])];
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    child.kill('SIGKILL');
  }, timeLimitMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    if (code === 127) throw noOpenssl();
    return { stdout: stdout(), stderr: stderr().toString(), late: late.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

function feed(stream: NodeJS.WritableStream, data: string | Uint8Array): void {
  stream.on('error', () => undefined); // it may end before it has read all
  stream.end(data);
}

function collect(stream: NodeJS.ReadableStream): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < outputLimit) chunks.push(chunk);
    size += chunk.length;
  });
  return () => Buffer.concat(chunks);
}

function noOpenssl(): KbuildError {
  return new KbuildError(
    'SIGN_PKCS11',
    'a key on a PKCS#11 token needs the openssl program, and there is none in PATH',
    'Install it (Debian: openssl and libengine-pkcs11-openssl).',
  );
}
