import { statSync } from 'node:fs';
import { join } from 'node:path';
import { allArchs, hostArch, type Arch } from '../arch/arch.js';
import { cheapChecks, dependentChecks, thoroughChecks } from './checks/index.js';
import type { KdirSubject } from './checks/subject.js';
import { kdirReach, type KdirMount, type KdirReach } from './closure.js';
import { kernelCompiler, type KernelCompiler } from './compiler.js';
import { isSet, parseKernelConfig, type KernelConfig } from './config.js';
import { configuredBelow } from './configured-below.js';
import { kdirFindingCatalogue } from './finding-catalogue.js';
import { errorOfFinding, kdirFinding, type KdirFinding } from './findings.js';
import { readTool } from './host-tools.js';
import type { HostProgram } from './host-program.js';
import { describeKdir, type Kdir, type ReadKdirOptions } from './kdir-value.js';
import { kernelVersion, releaseOf } from './kernel-release.js';
import { isMovable, isRefusedByKbuild } from './movable.js';
import { readText } from './read-text.js';
import { allSuites, type Suite } from './suite.js';
import { follow, type Followed, type Roots } from './tree.js';

/** All that can be said of a KDIR, whether or not it can build modules. */
export interface KdirSurvey {
  /** Where it is looked up, in `roots`. A build sees it there too, unless `kdir` says otherwise. */
  path: string;
  /** Where its absolute paths are looked up. */
  roots: Roots;
  /** Empty if nothing was found to object to; else in the order in which it is to be mended. */
  findings: KdirFinding[];
  config?: KernelConfig;
  arch?: Arch;
  compiler?: KernelCompiler;
  release?: string;
  mounts?: KdirMount[];
  /** What a plan needs to know of it; absent if a finding is an error that leaves nothing to plan with. */
  kdir?: Kdir;
}

export interface SurveyOptions extends ReadKdirOptions {
  /** The machine that builds; default: this one. */
  buildArch?: Arch;
  /** The name of the suite whose image builds for a compiler; default: `suite`. */
  suiteFor?: (compiler: KernelCompiler) => string | undefined;
  /** `quick` leaves out what reads large files: the symbols, the configuration in its three forms. */
  depth?: 'quick' | 'thorough';
}

/**
 * Looks a KDIR over for everything that would break a build. Writes nothing, runs nothing, and
 * does not throw for what is wrong with the KDIR.
 * @param path absolute, as the build will see it
 */
export function surveyKdir(path: string, options: SurveyOptions = {}): KdirSurvey {
  const survey: KdirSurvey = { path, roots: options.roots ?? ['/'], findings: [] };
  try {
    look(survey, options);
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === undefined || (syscall === undefined && !tooLarge.has(code))) throw error;
    survey.findings.push(
      kdirFinding('KDIR_UNREADABLE', 'error', `${path} cannot be read: ${message}`),
    );
    delete survey.kdir;
  }
  return survey;
}

/** What Node.js says of files that are larger than it can hold. */
const tooLarge = new Set(['ERR_STRING_TOO_LONG', 'ERR_FS_FILE_TOO_LARGE']);

function look(survey: KdirSurvey, options: SurveyOptions): void {
  const { path, roots, findings } = survey;
  const followed: Followed = new Map();
  const find = (name: string) => fileOrDirectory(follow(roots, join(path, name), followed));
  const missing = notAKdir(path, find);
  if (missing !== undefined) {
    findings.push(missing);
    return;
  }
  const text = readText(find('.config'));
  const config = parseKernelConfig(text);
  const arch = allArchs().find((candidate) => isSet(config, candidate.config));
  const compiler = kernelCompiler(config);
  const reach = kdirReach(roots, path, followed);
  const release = releaseOf(find);
  Object.assign(survey, {
    config,
    mounts: reach.mounts,
    ...(arch !== undefined && { arch }),
    ...(compiler !== undefined && { compiler }),
    ...(release !== undefined && { release }),
  });
  const subject: KdirSubject = {
    path,
    find,
    config,
    version: kernelVersion(release, text),
    arch,
    compiler,
    reach,
    tool: memoized((name) => {
      const file = find(name);
      return file === undefined ? undefined : readTool(file);
    }),
    buildArch: options.buildArch ?? hostArch(),
    suite: suiteOf(compiler, options),
  };
  const run = (checks: typeof cheapChecks) => checks.flatMap((check) => check(subject));
  findings.push(...run(cheapChecks), ...checkPath(path, reach));
  // What lies behind a broken link looks missing, and is not what is to be mended.
  if (reach.broken.every(({ needed }) => !needed)) findings.push(...run(dependentChecks));
  if (options.depth !== 'quick') findings.push(...run(thoroughChecks));
  if (findings.some((finding) => errorOfFinding(finding) !== undefined)) return;
  const kdir = describeKdir(subject, release, options);
  if (kdir !== undefined) survey.kdir = kdir;
}

/** Pipes and devices are as good as nothing: to read one may never end. */
function fileOrDirectory(path: string | undefined): string | undefined {
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true || stat?.isDirectory() === true ? path : undefined;
}

function notAKdir(
  path: string,
  find: (name: string) => string | undefined,
): KdirFinding | undefined {
  const place = find('');
  if (place === undefined) {
    return kdirFinding('KDIR_NOT_FOUND', 'error', `there is no KDIR at ${path}`);
  }
  const isFile = (name: string) => {
    const file = find(name);
    return file !== undefined && statSync(file).isFile();
  };
  const missing = ['.config', 'Makefile'].find((name) => !isFile(name));
  if (missing === undefined) return undefined;
  const { remedy } = kdirFindingCatalogue.KDIR_NOT_CONFIGURED;
  const below = statSync(place).isDirectory() ? configuredBelow(place) : [];
  const hint = below.length > 0 ? `Did you mean ${below.join(' or ')}? ${remedy}` : remedy;
  return kdirFinding(
    'KDIR_NOT_CONFIGURED',
    'error',
    `${path} is not a configured KDIR: it has no ${missing}`,
    { remedy: hint },
  );
}

function checkPath(path: string, reach: KdirReach): KdirFinding[] {
  const refused = reach.mounts.map(({ target }) => target).filter(isRefusedByKbuild);
  const [first] = refused;
  if (first === undefined) return [];
  if (refused.length === 1 && first === path && isMovable(path, reach)) return [];
  const message = `Kbuild refuses the path ${first}: it has a blank or a colon`;
  return [kdirFinding('KDIR_PATH_REFUSED', 'error', message)];
}

function suiteOf(
  compiler: KernelCompiler | undefined,
  { suite, suiteFor }: SurveyOptions,
): Suite | undefined {
  const name = suite ?? (compiler && suiteFor?.(compiler));
  return name === undefined ? undefined : allSuites().find((one) => one.name === name);
}

function memoized(
  read: (name: string) => HostProgram | undefined,
): (name: string) => HostProgram | undefined {
  const known = new Map<string, HostProgram | undefined>();
  return (name) => {
    if (!known.has(name)) known.set(name, read(name));
    return known.get(name);
  };
}
