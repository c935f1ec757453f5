import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { suggestion } from '../errors/nearest.js';
import type { FormatName } from '../release/pack/formats.js';
import type { ReleaseRequest } from '../workflow/release.js';
import { budgetOf } from './budget.js';
import { commaList, list, planRequest, selectionOptions } from './options.js';
import { sharedCacheOptions, sharedCacheRequest } from './shared-cache-options.js';
import { parseDuration } from './units.js';

/** As `formats` of src/release/pack/formats.ts, which a help text need not load. */
const formatNames = ['deb', 'rpm', 'tar', 'dkms', 'oci', 'android'] as const;
const defaultFormats = ['deb', 'rpm', 'tar'] as const;

const buildLimits = { memoryBytes: 4 * 2 ** 30, diskBytes: 2 * 2 ** 30 };

/** What `package` and `release` share. */
export const releaseOptions = {
  ...selectionOptions,
  format: list(`Packages to make: ${formatNames.join(', ')}; default: ${defaultFormats.join(',')}`),
  out: {
    string: true,
    requiresArg: true,
    alias: 'o',
    describe: 'Where the packages go: replaced as a whole; default: in the output directory',
  },
  'package-version': {
    string: true,
    requiresArg: true,
    describe: 'Version of the packages; default: the configuration’s version',
  },
  key: {
    string: true,
    requiresArg: true,
    implies: 'cert',
    describe: 'Private key to sign modules with, in place of the configuration’s: PEM, or PKCS#11',
  },
  cert: {
    string: true,
    requiresArg: true,
    implies: 'key',
    describe: 'Certificate of the key: PEM or DER',
  },
  jobs: {
    number: true,
    alias: 'j',
    requiresArg: true,
    describe: 'Processes that compile, and virtual machines, at once; default: number of CPUs',
  },
  timeout: {
    string: true,
    default: '30m',
    requiresArg: true,
    describe: 'Time limit of each build',
  },
  ...sharedCacheOptions,
} as const;

type ReleaseArguments = Parameters<typeof planRequest>[0] &
  Parameters<typeof sharedCacheRequest>[0] & {
    format?: string[] | undefined;
    out?: string | undefined;
    'package-version'?: string | undefined;
    key?: string | undefined;
    cert?: string | undefined;
    jobs?: number | undefined;
    timeout: string;
  };

/**
 * What is asked for.
 * @param name of the release's directory, where the command line names no other
 * @throws KbuildError USAGE
 */
export function releaseRequest(argv: ReleaseArguments, name: string): ReleaseRequest {
  const { jobs, out, key, cert } = argv;
  const budget = budgetOf({ jobs });
  const sharedCache = sharedCacheRequest(argv);
  return {
    ...planRequest({ ...argv, out: undefined }),
    formats: formatsOf(argv.format),
    place: out === undefined ? { name } : { path: resolve(out) },
    ...(argv['package-version'] !== undefined && { version: argv['package-version'] }),
    ...(key !== undefined && cert !== undefined && { signing: signingOf(key, cert) }),
    budget,
    useCache: true,
    incremental: true,
    ...(sharedCache !== undefined && { sharedCache }),
    limits: {
      ...buildLimits,
      memoryBytes: Math.min(buildLimits.memoryBytes, budget.memoryBytes),
      timeoutMs: parseDuration(argv.timeout, 'timeout'),
    },
    tested: false,
    attested: false,
    files: [],
    cases: [],
    isolated: false,
    machine: { commandLine: [], accelerator: 'auto' },
    machines: jobs ?? availableParallelism(),
  };
}

/** A key on a token has a PKCS#11 URI, not a path. */
const signingOf = (key: string, cert: string) => ({
  key: /^pkcs11:/i.test(key) ? key : resolve(key),
  cert: resolve(cert),
});

function formatsOf(given: readonly string[] | undefined): FormatName[] {
  const asked = commaList(given);
  const unknown = asked.find((name) => !formatNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new KbuildError(
      'USAGE',
      `--format ${unknown}: there is no such format`,
      suggestion(unknown, formatNames, 'formats'),
    );
  }
  return [...new Set(asked.length > 0 ? asked : defaultFormats)] as FormatName[];
}
