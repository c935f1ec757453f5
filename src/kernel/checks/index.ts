import { checkConfiguration } from './configuration.js';
import { checkArch, checkCompiler, checkModules } from './configured.js';
import {
  checkBtf,
  checkGccPlugins,
  checkLto,
  checkRandstruct,
  checkRust,
  checkTrimmed,
} from './features.js';
import { checkHostTools } from './host-tools.js';
import { checkLinks } from './links.js';
import { checkModuleLds, checkPrepared } from './prepared.js';
import type { KdirCheck } from './subject.js';
import { checkSymvers, checkSymversThere } from './symvers.js';

// What comes first in making a kernel comes first: the first error is the one to mend first.

/** Read the .config and look whether files are there. */
export const cheapChecks: readonly KdirCheck[] = [
  checkModules,
  checkArch,
  checkCompiler,
  checkLinks,
];

/** The same, of what links to other directories lead to. */
export const dependentChecks: readonly KdirCheck[] = [
  checkHostTools,
  checkPrepared,
  checkModuleLds,
  checkSymversThere,
  checkGccPlugins,
  checkRandstruct,
];

/** Read large files, or have nothing to say that stops a build. */
export const thoroughChecks: readonly KdirCheck[] = [
  checkSymvers,
  checkConfiguration,
  checkTrimmed,
  checkRust,
  checkLto,
  checkBtf,
];
