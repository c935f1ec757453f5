import { basename, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { methodOf } from './build-method.js';
import type { ProjectConfig } from './config-schema.js';
import { findConfig } from './find-config.js';
import { projectMake } from './module-output.js';
import type { Project } from './project.js';
import { listSourceFiles } from './source-files.js';

/** What a workspace says for projects that do not say it themselves. */
export interface ProjectDefaults {
  kernels?: string[] | undefined;
  archs?: string[] | undefined;
  /** Absolute. */
  output?: string | undefined;
  /** Directories that are no sources, wherever they lie: another output, the cache. Absolute. */
  excluded: string[];
}

/** The configuration of a directory, or undefined if it has none. */
export async function readConfig(directory: string) {
  const file = findConfig(directory);
  if (file === undefined) return undefined;
  // Loaded only where there is a configuration: the validator is the heaviest thing on the way.
  const { loadConfig } = await import('./load-config.js');
  return { file, config: await loadConfig(file) };
}

/**
 * Loads one project.
 * @param directory absolute
 */
export async function loadProject(directory: string, defaults: ProjectDefaults): Promise<Project> {
  const found = await readConfig(directory);
  if (found !== undefined && 'projects' in found.config) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${found.file}: a workspace cannot be a project of another workspace, nor a dependency`,
      "Name its projects' directories instead.",
    );
  }
  const config = found?.config as ProjectConfig | undefined;
  const own = resolve(directory, config?.output ?? 'dist');
  const output = defaults.output ?? own;
  const files = listSourceFiles(directory, output, own, ...defaults.excluded);
  const name = config?.name ?? projectName(directory);
  const { method, expected } = await methodOf(directory, name, config, files);
  const { version, license, signing } = config ?? {};
  return {
    name,
    ...(version !== undefined && { version }),
    ...(license !== undefined && { license }),
    directory,
    method,
    files,
    expected,
    depends: (config?.depends ?? []).map((path) => resolve(directory, path)),
    make: projectMake(directory, config?.make),
    kernels: config?.kernels?.map((ref) => kernelRef(directory, ref)) ?? defaults.kernels ?? [],
    archs: config?.archs ?? defaults.archs ?? [],
    toolchains: config?.toolchains ?? [],
    output,
    ...(signing !== undefined && {
      signing: {
        // A key on a token has a PKCS#11 URI, not a path.
        key: /^pkcs11:/i.test(signing.key) ? signing.key : resolve(directory, signing.key),
        cert: resolve(directory, signing.cert),
        ...(signing.hash !== undefined && { hash: signing.hash }),
      },
    }),
  };
}

/** The paths of KDIRs and of descriptions in a configuration are relative to the configuration. */
export function kernelRef(directory: string, ref: string): string {
  const [, source] = /^source:([^/~].*)$/.exec(ref) ?? [];
  if (source !== undefined) return `source:${resolve(directory, source)}`;
  return ref.startsWith('.') ? resolve(directory, ref) : ref;
}

/** A name for a project that gives none: its directory's, in the characters that names have. */
function projectName(directory: string): string {
  const name = basename(directory)
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._+-]+/g, '_');
  return /^[A-Za-z0-9]/.test(name) ? name : `module${name === '_' ? '' : name}`;
}
