import { spawn } from 'node:child_process';
import { withoutSecrets } from '../without-secrets.js';
import { KbuildError } from '../../errors/kbuild-error.js';

const timeLimitMs = 60_000;

/**
 * Asks one of Docker's credential helpers, which are programs of this machine and so cannot be asked
 * from a container (github.com/docker/docker-credential-helpers).
 * @returns the entry of an auth file; undefined if the helper knows none for this server
 * @throws KbuildError REGISTRY_FAILED
 */
export async function askHelper(
  name: string,
  server: string,
  environment: NodeJS.ProcessEnv,
): Promise<object | undefined> {
  const program = `docker-credential-${name}`;
  const { code, output } = await run(program, server, withoutSecrets(environment));
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw failed(program, output.trim().split('\n').at(-1) ?? `it exited with ${code}`);
  }
  let answer: { Username?: unknown; Secret?: unknown };
  try {
    answer = JSON.parse(output) as typeof answer;
  } catch {
    throw failed(program, 'it did not answer in JSON');
  }
  const { Username: user, Secret: secret } = answer;
  if (typeof user !== 'string' || typeof secret !== 'string' || secret === '') return undefined;
  // What a helper calls by this name is a token to get others with.
  if (user === '<token>') return { identitytoken: secret };
  return { auth: Buffer.from(`${user}:${secret}`).toString('base64') };
}

async function run(program: string, input: string, env: NodeJS.ProcessEnv) {
  const child = spawn(program, ['get'], { env, timeout: timeLimitMs });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => undefined); // it may not read all
  child.stdin.end(input);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject).on('close', (status) => {
        resolve(status ?? -1);
      });
    });
    return { code, output };
  } catch (error) {
    throw failed(program, (error as Error).message);
  }
}

const failed = (program: string, why: string): KbuildError =>
  new KbuildError(
    'REGISTRY_FAILED',
    `the credential helper ${program} cannot be asked: ${why}`,
    'Install it, or name a file with the credentials in REGISTRY_AUTH_FILE.',
  );
