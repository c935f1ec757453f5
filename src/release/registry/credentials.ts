import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { askHelper } from './credential-helper.js';

/** What `docker login` and `podman login` write (containers-auth.json(5)). */
interface AuthFile {
  auths?: Record<string, unknown>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

/**
 * The text of an auth file with the credentials of one registry and no others, taken from where the
 * tools have them; undefined where there are none.
 * @param host `registry.example:5000`
 * @throws KbuildError REGISTRY_FAILED if a file or a helper program cannot be used
 */
export async function registryCredentials(
  host: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const path of authFiles(environment)) {
    const file = await readAuthFile(path, environment.REGISTRY_AUTH_FILE === path);
    if (file === undefined) continue;
    const auths = await authsOf(file, host, environment);
    if (Object.keys(auths).length > 0) return JSON.stringify({ auths });
  }
  return undefined;
}

/** In the order in which they count; one that is named is the only one. */
function authFiles({
  REGISTRY_AUTH_FILE,
  XDG_RUNTIME_DIR,
  DOCKER_CONFIG,
  HOME = homedir(),
}: NodeJS.ProcessEnv): string[] {
  if (REGISTRY_AUTH_FILE !== undefined && REGISTRY_AUTH_FILE !== '') return [REGISTRY_AUTH_FILE];
  return [
    ...(XDG_RUNTIME_DIR === undefined ? [] : [join(XDG_RUNTIME_DIR, 'containers/auth.json')]),
    join(HOME, '.config/containers/auth.json'),
    join(DOCKER_CONFIG ?? join(HOME, '.docker'), 'config.json'),
  ];
}

async function readAuthFile(path: string, mustExist: boolean): Promise<AuthFile | undefined> {
  try {
    const file: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof file === 'object' && file !== null) return file;
    throw new Error('it is no JSON object');
  } catch (cause) {
    if (!mustExist && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // A parser's message would quote the file, and with it a password.
    const why = (cause as NodeJS.ErrnoException).code ?? 'it is no JSON object';
    throw new KbuildError(
      'REGISTRY_FAILED',
      `the credentials in ${path} cannot be read: ${why}`,
      "Mend it, or write it anew with 'docker login'.",
    );
  }
}

async function authsOf(
  { auths = {}, credHelpers = {}, credsStore }: AuthFile,
  host: string,
  environment: NodeJS.ProcessEnv,
): Promise<Record<string, unknown>> {
  const helper = credHelpers[host] ?? credsStore;
  if (helper !== undefined && helper !== '') {
    const found = await askHelper(helper, serverOf(host), environment);
    if (found !== undefined) return { [host]: found };
  }
  const own = Object.entries(auths).filter(
    // A credential helper leaves empty entries there.
    ([key, entry]) => hostOf(key) === host && Object.keys(entry as object).length > 0,
  );
  return Object.fromEntries(own);
}

const dockerServer = 'https://index.docker.io/v1/';

/** As Docker calls its own registry, for which helpers have it. */
const serverOf = (host: string): string => (host === 'docker.io' ? dockerServer : host);

/** The registry of a key: a host, an address, or a host with a path in it. */
function hostOf(key: string): string {
  if (key === dockerServer) return 'docker.io';
  return key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
}
