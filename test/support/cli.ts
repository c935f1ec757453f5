import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Artifact, Manifest } from '../../src/artifact/manifest-schema.js';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const examples = join(root, 'examples');
export const bin = join(root, 'bin/kbuild-ts.js');

export interface CliOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Runs it without what root may do beyond its files' permissions. */
  powerless?: boolean;
}

/** Starts the real command line; the promise gives its output and exit code, whatever they are. */
export function start(args: string[], { cwd = root, env = {}, powerless }: CliOptions = {}) {
  const command = [process.execPath, bin, ...args];
  const without = ['setpriv', '--inh-caps=-all', '--bounding-set=-all'];
  const [file = '', ...rest] = powerless === true ? [...without, ...command] : command;
  return execa(file, rest, {
    cwd,
    // These tests may themselves run in GitHub Actions.
    env: { NO_COLOR: '1', GITHUB_ACTIONS: undefined, ...env },
    stdin: 'ignore',
    reject: false,
  });
}

/** Runs the real command line. */
export async function kbuild(args: string[], given: CliOptions = {}) {
  const { exitCode, stdout, stderr } = await start(args, given);
  return { exitCode, stdout, stderr };
}

/** Runs a command with `--json`; the document is what it prints on stdout. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it names the document's shape
export async function kbuildJson<T>(args: string[], given: CliOptions = {}) {
  const result = await kbuild([...args, '--json'], given);
  return { ...result, document: JSON.parse(result.stdout) as T };
}

export const build = (args: string[], given: CliOptions = {}) =>
  kbuildJson<Manifest & { error?: ErrorReport }>(['build', ...args], given);

export function artifactsOf(manifest: Manifest): Artifact[] {
  return manifest.jobs.flatMap(({ artifacts }) => artifacts);
}
