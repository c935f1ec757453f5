import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { allArchs } from '../arch/arch.js';
import type { RecordedRun } from '../artifact/rebuild/read-manifest.js';
import type { Budget } from '../engine/build-slots.js';
import type { JobLimits } from '../engine/engine-context.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { checkedBuildDeps } from '../project/build-dep.js';
import type { Signing } from '../project/project.js';
import { isOurOutput } from '../project/source-files.js';
import { isPkcs11Uri } from '../release/pkcs11-uri.js';
import type { Runtime } from '../runtime/port.js';
import type { BuildRequest } from './build.js';
import type { RecordedJobs } from './recorded-jobs.js';

export interface RebuildRequest {
  /** The manifest of an earlier build, or the output directory that it lies in. */
  from: string;
  /** The sources: projects, workspaces, archives. */
  directories: string[];
  /** In place of the kernels that the manifest names: references, and paths of KDIRs. */
  kernels: string[];
  kdirs: string[];
  /** DKMS: what a source needs beside it, and overlays of dkms.conf. Absolute. */
  with: string[];
  overlay?: string;
  /** Where to leave what was built; default: nowhere. */
  output?: string;
  /** False: ask for no key, and compare what is signed alone. */
  sign: boolean;
  runtime: Runtime['kind'];
  budget: Budget;
  limits: JobLimits;
}

/** Where what is built is left. Over what it is compared with, it would be no witness any more. */
export function outputOf({ output }: RebuildRequest, { file }: RecordedRun): string | undefined {
  if (output === undefined) return undefined;
  const path = resolve(output);
  const real = existsSync(path) ? realpathSync(path) : path;
  if (real !== realpathSync(dirname(file))) return path;
  throw new KbuildError(
    'USAGE',
    `--out ${output} is the output directory of the manifest, whose modules are to be compared`,
    'Name another directory.',
  );
}

/** The build of the jobs of a manifest, of no others, and from no cache. */
export function buildRequest(
  request: RebuildRequest,
  run: RecordedRun,
  recorded: RecordedJobs,
  output: string,
  warn: (message: string, hint: string) => void,
): BuildRequest {
  const { directories, with: trees, overlay, kernels, kdirs, runtime, budget, limits } = request;
  const { prepare = 'auto', warnings, check, buildDeps = [], directives = [] } = run.options ?? {};
  const wanted = recorded.missing; // nothing is planned yet
  const refs = wanted.flatMap(({ kernel }) => kernel ?? []);
  const leavesUnsigned = ({ key }: Signing): boolean => {
    if (!request.sign) return true;
    if (isPkcs11Uri(key) || existsSync(key)) return false;
    warn(
      `the key ${key} is not there: modules are not signed, and what is signed is compared alone`,
      'Give --no-sign if that is meant; with the key, signatures of RSA are compared, too.',
    );
    return true;
  };
  return {
    directories,
    archs: [...new Set(wanted.map(({ arch }) => arch))].filter((arch) =>
      allArchs().some(({ name }) => name === arch),
    ),
    kernels: recorded.anyKernel ? kernels : [...new Set(refs)],
    kdirs,
    toolchains: [],
    toolchainsFor: (project, kernel) => recorded.toolchainsFor(project, kernel),
    buildDeps: checkedBuildDeps(buildDeps),
    dkms: { directives, with: trees, ...(overlay !== undefined && { overlay }) },
    output,
    excluded: [run.file, ...(isOurOutput(dirname(run.file)) ? [dirname(run.file)] : [])],
    leavesUnsigned,
    prepare,
    ...(warnings !== undefined && { warnings }),
    ...(check !== undefined && { check }),
    ...{ runtime, budget, limits },
    failFast: false,
    useCache: false,
    incremental: false,
  };
}
