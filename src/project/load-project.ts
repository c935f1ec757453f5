import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { methodOf } from './build-method.js';
import type { ProjectConfig } from './config-schema.js';
import { findConfig } from './find-config.js';
import { confName, readConfText } from './dkms/conf-text.js';
import { builtFirst, dkmsSettings, type DkmsOptions } from './dkms/settings.js';
import { projectMake } from './module-output.js';
import { packagingOf } from './packaging.js';
import type { Project, Signing } from './project.js';
import { projectTests, testFiles } from './project-tests.js';
import { isOurOutput, listSources } from './source-files.js';

/** What a workspace says for projects that do not say it themselves. */
export interface ProjectDefaults {
  kernels?: string[] | undefined;
  archs?: string[] | undefined;
  /** Absolute. */
  output?: string | undefined;
  /** The output directory that the command line names, for all projects. Absolute. */
  out?: string | undefined;
  /** Directories that are no sources, wherever they lie: another output, the cache. Absolute. */
  excluded: string[];
  /** What the command line says for DKMS sources. */
  dkms?: DkmsOptions;
  /** What the command line says modules are signed with. */
  signing?: Signing;
}

const noOptions: DkmsOptions = { directives: [], with: [] };

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
  const isDkms = isDkmsSource(directory, config);
  // A vendor's tree may have a directory of that name that is a source.
  const written = defaults.out ?? output;
  const outputs = isDkms && !isOurOutput(own) ? [written] : [written, output, own];
  const excluded = [...outputs, ...defaults.excluded];
  const { files, directories } = listSources(directory, ...excluded);
  const conf = isDkms ? readConfText(join(directory, confName)) : undefined;
  const dkms = isDkms
    ? dkmsSettings(directory, config?.dkms, defaults.dkms ?? noOptions, excluded)
    : undefined;
  const name = config?.name ?? conf?.name ?? projectName(directory);
  const { method, expected } = isDkms
    ? { method: { kind: 'dkms' } as const, expected: [] }
    : await methodOf(directory, name, config, files);
  const { license } = config ?? {};
  const signing = defaults.signing ?? configuredSigning(directory, config?.signing);
  const version = config?.version ?? conf?.version;
  const depends = (config?.depends ?? []).map((path) => resolve(directory, path));
  const tests =
    found !== undefined && config?.test !== undefined
      ? projectTests(directory, found.file, config.test)
      : undefined;
  const packaging = config && packagingOf(config);
  const apart = [
    ...(found === undefined ? [] : [relative(directory, found.file)]),
    ...testFiles(directory, tests),
  ];
  return {
    name,
    ...(version !== undefined && { version }),
    ...(license !== undefined && { license }),
    directory,
    method,
    files,
    ...(apart.length > 0 && { apart }),
    ...(isDkms && { directories }),
    expected,
    depends: [
      ...depends,
      ...(dkms !== undefined && conf !== undefined ? builtFirst(dkms, conf) : []),
    ],
    make: projectMake(directory, config?.make),
    kernels: config?.kernels?.map((ref) => kernelRef(directory, ref)) ?? defaults.kernels ?? [],
    archs: config?.archs ?? defaults.archs ?? [],
    toolchains: config?.toolchains ?? [],
    output,
    ...(dkms !== undefined && { dkms }),
    buildDeps: [...new Set(config?.buildDeps)].sort(),
    ...(tests !== undefined && { tests }),
    ...(packaging !== undefined && { packaging }),
    ...(signing !== undefined && { signing }),
  };
}

function configuredSigning(
  directory: string,
  signing: ProjectConfig['signing'],
): Signing | undefined {
  if (signing === undefined) return undefined;
  const { key, cert, hash } = signing;
  return {
    // A key on a token has a PKCS#11 URI, not a path.
    key: /^pkcs11:/i.test(key) ? key : resolve(directory, key),
    cert: resolve(directory, cert),
    ...(hash !== undefined && { hash }),
  };
}

/**
 * Whether a directory is built as its dkms.conf says: if it has one, and no configuration that says
 * otherwise by naming modules.
 * @throws KbuildError CONFIG_INVALID
 */
function isDkmsSource(directory: string, config: ProjectConfig | undefined): boolean {
  const hasConf = existsSync(join(directory, confName));
  const { directives, overlay, with: trees } = config?.dkms ?? {};
  const isAsked = directives !== undefined || overlay !== undefined || trees !== undefined;
  if (isAsked && !hasConf) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `the configuration of ${directory} says how its ${confName} is read, and there is none`,
      `Remove directives, overlay and with from 'dkms', or name the directory that has the ${confName}.`,
    );
  }
  return hasConf && (isAsked || config?.modules === undefined);
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
