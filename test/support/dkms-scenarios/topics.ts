import type { Scenario } from '../dkms-scenario.js';
import { confScenarios } from './conf.js';
import { dependsScenarios } from './depends.js';
import { directiveScenarios } from './directives.js';
import { exclusiveScenarios } from './exclusive.js';
import { hookScenarios } from './hooks.js';
import { machineScenarios } from './machine.js';
import { makeScenarios } from './make.js';
import { nativeScenarios } from './native.js';
import { patchScenarios } from './patches.js';
import { shellScenarios } from './shell.js';

/** All scenarios but the hostile ones, by what they are about. */
export const topics = {
  'a dkms.conf': confScenarios,
  'a dkms.conf as a program': shellScenarios,
  'MAKE and modules': makeScenarios,
  PATCH: patchScenarios,
  'a hook': hookScenarios,
  'BUILD_EXCLUSIVE_*': exclusiveScenarios,
  BUILD_DEPENDS: dependsScenarios,
  'directives and overlays': directiveScenarios,
  'the machine and its kernel': machineScenarios,
  "what works on the kernel's own machine": nativeScenarios,
};
/** All of these, by their names. */
export const scenarios = Object.assign({}, ...Object.values(topics)) as Record<string, Scenario>;
