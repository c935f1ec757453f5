import { readFolder } from '../data/folder.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { suggestion } from '../errors/nearest.js';

/** A release of a distribution, as `toolchains/suite/<name>.yaml` describes it. */
export interface Suite {
  name: string;
  distribution: string;
  /** The base image as registries name it. */
  image: string;
  /** Version of its glibc: newer host tools do not run in its images. */
  glibc: string;
  /** Version of its stock kernel, `6.1`: a kernel about as old is built with its compiler. */
  kernel: string;
  /** Names of OpenSSL's libraries (DT_SONAME), which differ between suites. */
  openssl: string[];
  /** Packages that every image of the suite holds besides its compiler. */
  packages: string[];
}

let loaded: Suite[] | undefined;

/** All suites of `toolchains/suite/`. */
export function allSuites(): Suite[] {
  return (loaded ??= readFolder<Suite>('toolchains/suite'));
}

/** @throws KbuildError KERNEL_UNKNOWN */
export function suiteByName(name: string): Suite {
  const suite = allSuites().find((s) => s.name === name);
  if (suite !== undefined) return suite;
  const known = allSuites().map((s) => s.name);
  throw new KbuildError(
    'KERNEL_UNKNOWN',
    `unknown Debian suite '${name}'`,
    suggestion(name, known, 'suites'),
  );
}
