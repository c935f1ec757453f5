import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import type { FormatName } from '../release/pack/formats.js';
import type { ReleaseRequest } from '../workflow/release-request.js';
import { budgetOf } from './budget.js';
import { commaList, list, planRequest, selectionOptions } from './options.js';
import { sharedCacheOptions, sharedCacheRequest } from './shared-cache-options.js';
import { jobLimits, limitOptions } from './limit-options.js';

/** As `formats` of src/release/pack/formats.ts, which a help text need not load. */
const formatNames = ['deb', 'rpm', 'tar', 'dkms', 'oci', 'android'] as const;
const defaultFormats = ['deb', 'rpm', 'tar'] as const;

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
    describe: 'Private key to sign modules with, in place of the configuration’s: PEM, or PKCS#11',
  },
  cert: {
    string: true,
    requiresArg: true,
    describe: 'Certificate of the key: PEM or DER',
  },
  repo: {
    boolean: true,
    default: false,
    describe: 'Make repositories of the packages too: apt/ of debs, yum/ of rpms',
  },
  'repo-name': {
    string: true,
    requiresArg: true,
    describe: 'Name of the repositories; default: the name of the first project’s packages',
  },
  'repo-url': {
    string: true,
    requiresArg: true,
    describe: 'Where customers will find the release, for the files that they add it with',
  },
  'gpg-key': {
    string: true,
    requiresArg: true,
    describe: 'File of a secret OpenPGP key: signs rpms and repositories',
  },
  push: {
    string: true,
    requiresArg: true,
    describe: 'Push the images of --format oci there, for example registry.example/drivers',
  },
  'registry-insecure': {
    boolean: true,
    default: false,
    describe: 'Push to a registry without TLS, or with a certificate that nobody vouches for',
  },
  jobs: {
    number: true,
    alias: 'j',
    requiresArg: true,
    describe: 'Processes that compile, and virtual machines, at once; default: number of CPUs',
  },
  ...limitOptions,
  ...sharedCacheOptions,
} as const;

type ReleaseArguments = Parameters<typeof planRequest>[0] &
  Parameters<typeof sharedCacheRequest>[0] & {
    format?: string[] | undefined;
    out?: string | undefined;
    'package-version'?: string | undefined;
    key?: string | undefined;
    cert?: string | undefined;
    repo: boolean;
    'repo-name'?: string | undefined;
    'repo-url'?: string | undefined;
    'gpg-key'?: string | undefined;
    push?: string | undefined;
    'registry-insecure': boolean;
    jobs?: number | undefined;
    'job-memory': string;
    disk: string;
    timeout: string;
  };

/**
 * What is asked for.
 * @param name of the release's directory, where the command line names no other
 * @throws KbuildError USAGE
 */
export function releaseRequest(argv: ReleaseArguments, name: string): ReleaseRequest {
  const { jobs, out, key, cert, runtime } = argv;
  if (runtime === 'host') {
    throw usage(
      '--runtime host builds alone: packages are made in containers',
      "Leave it out, or use 'kbuild-ts build --runtime host'.",
    );
  }
  if ((key === undefined) !== (cert === undefined)) {
    throw usage(
      key === undefined ? '--cert needs the key that it is of' : '--key needs its certificate',
      'Give both: --key FILE --cert FILE.',
    );
  }
  const budget = budgetOf({ jobs });
  const sharedCache = sharedCacheRequest(argv);
  const formats = formatsOf(argv.format);
  return {
    ...planRequest({ ...argv, out: undefined }),
    formats,
    place: out === undefined ? { name } : { path: resolve(out) },
    ...(argv['package-version'] !== undefined && { version: argv['package-version'] }),
    ...(key !== undefined && cert !== undefined && { signing: signingOf(key, cert) }),
    ...repositoryOf(argv, formats),
    ...pushOf(argv, formats),
    budget,
    useCache: true,
    incremental: true,
    ...(sharedCache !== undefined && { sharedCache }),
    limits: jobLimits(argv, budget),
    tested: false,
    attested: false,
    files: [],
    cases: [],
    isolated: false,
    machine: { commandLine: [], accelerator: 'auto' },
    machines: jobs ?? availableParallelism(),
  };
}

/** Repositories, and the key that signs them; no build may see it. */
function repositoryOf(
  argv: ReleaseArguments,
  formats: readonly FormatName[],
): Pick<ReleaseRequest, 'repository' | 'gpgKey' | 'secrets'> {
  const { repo, 'repo-name': name, 'repo-url': url, 'gpg-key': key } = argv;
  if (name !== undefined && !/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw usage(
      `--repo-name ${JSON.stringify(name)}: a name has letters, digits and . _ - only`,
      'Write --repo-name acme or the like.',
    );
  }
  if (url !== undefined && !/^(https?|file):\/\/[^\s\p{C}]+$/u.test(url)) {
    throw usage(
      `--repo-url ${JSON.stringify(url)}: not an address`,
      'Write https://drivers.example or the like.',
    );
  }
  const isAsked = repo || name !== undefined || url !== undefined;
  const has = (...names: FormatName[]) => names.some((format) => formats.includes(format));
  if (isAsked && !has('deb', 'rpm', 'dkms')) {
    throw usage(
      '--repo makes repositories of debs and rpms, and there are none',
      'Add --format deb or rpm.',
    );
  }
  if (key !== undefined && !has('rpm', 'dkms') && !(isAsked && has('deb'))) {
    throw usage(
      '--gpg-key signs rpms and repositories, and there are none',
      'Add --repo, or --format rpm; modules are signed by --key and --cert.',
    );
  }
  return {
    ...(isAsked && {
      repository: { ...(name !== undefined && { name }), ...(url !== undefined && { url }) },
    }),
    ...(key !== undefined && { gpgKey: resolve(key), secrets: [resolve(key)] }),
  };
}

function pushOf(
  { push: to, 'registry-insecure': insecure }: ReleaseArguments,
  formats: readonly FormatName[],
): Pick<ReleaseRequest, 'push'> {
  if (to === undefined && insecure) {
    throw usage(
      '--registry-insecure is for --push',
      'Add --push registry.example/drivers, or leave it out.',
    );
  }
  if (to === undefined) return {};
  if (!formats.includes('oci')) {
    throw usage('--push pushes images, and there are none', 'Add --format oci.');
  }
  return { push: { to, insecure } };
}

/** A key on a token has a PKCS#11 URI, not a path. */
const signingOf = (key: string, cert: string) => ({
  key: /^pkcs11:/i.test(key) ? key : resolve(key),
  cert: resolve(cert),
});

function formatsOf(given: readonly string[] | undefined): FormatName[] {
  const asked = commaList(given);
  if (given !== undefined && asked.length === 0) {
    throw usage('--format names none', `Name some of ${formatNames.join(', ')}.`);
  }
  const unknown = asked.find((name) => !formatNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw usage(
      `--format ${unknown}: there is no such format`,
      `Name some of ${formatNames.join(', ')}.`,
    );
  }
  return [...new Set(asked.length > 0 ? asked : defaultFormats)] as FormatName[];
}

const usage = (message: string, hint: string) => new KbuildError('USAGE', message, hint);
