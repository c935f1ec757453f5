import type { Command } from '../command.js';
import { buildCommand } from './build.js';
import { cachePruneCommand } from './cache-prune.js';
import { cacheStatsCommand } from './cache-stats.js';
import { cacheVerifyCommand } from './cache-verify.js';
import { cleanCommand } from './clean.js';
import { compileCommandsCommand } from './compile-commands.js';
import { depsCommand } from './deps.js';
import { dkmsPackCommand } from './dkms-pack.js';
import { dkmsShowCommand } from './dkms-show.js';
import { doctorCommand } from './doctor.js';
import { generateCiCommand } from './generate-ci.js';
import { generateDkmsCommand, generateMakefileCommand } from './generate.js';
import { inspectCommand } from './inspect.js';
import { kdirCheckCommand, kdirInspectCommand } from './kdir.js';
import { kernelFetchCommand } from './kernel-fetch.js';
import { kernelListCommand } from './kernel-list.js';
import { kernelPrepareCommand } from './kernel-prepare.js';
import { kernelPruneCommand } from './kernel-prune.js';
import { keysGenerateCommand } from './keys.js';
import { packageCommand } from './package.js';
import { planCommand } from './plan.js';
import { releaseCommand } from './release.js';
import { rebuildCommand } from './rebuild.js';
import { signCommand } from './sign.js';
import { testCommand } from './test.js';
import { toolchainBuildCommand, toolchainListCommand } from './toolchain.js';
import { verifyCommand } from './verify.js';

/** Commands by name; a group has commands of its own. */
export interface CommandTree {
  [name: string]: Command | { summary: string; commands: CommandTree };
}

export const commands: CommandTree = {
  build: buildCommand,
  test: testCommand,
  package: packageCommand,
  release: releaseCommand,
  rebuild: rebuildCommand,
  plan: planCommand,
  'compile-commands': compileCommandsCommand,
  inspect: inspectCommand,
  verify: verifyCommand,
  deps: depsCommand,
  sign: signCommand,
  keys: {
    summary: 'Make keys to sign modules with',
    commands: { generate: keysGenerateCommand },
  },
  generate: {
    summary: 'Write files from a project’s description',
    commands: {
      makefile: generateMakefileCommand,
      dkms: generateDkmsCommand,
      ci: generateCiCommand,
    },
  },
  dkms: {
    summary: 'Look at DKMS sources, make DKMS packages',
    commands: { show: dkmsShowCommand, pack: dkmsPackCommand },
  },
  toolchain: {
    summary: 'List toolchains, make their images',
    commands: { list: toolchainListCommand, build: toolchainBuildCommand },
  },
  kernel: {
    summary: 'List, fetch, make and mend kernels to build for',
    commands: {
      list: kernelListCommand,
      fetch: kernelFetchCommand,
      prepare: kernelPrepareCommand,
      prune: kernelPruneCommand,
    },
  },
  kdir: {
    summary: 'Look at kernel build directories',
    commands: { inspect: kdirInspectCommand, check: kdirCheckCommand },
  },
  cache: {
    summary: 'Look at, prune and verify the cache of built jobs',
    commands: { stats: cacheStatsCommand, prune: cachePruneCommand, verify: cacheVerifyCommand },
  },
  doctor: doctorCommand,
  clean: cleanCommand,
};
