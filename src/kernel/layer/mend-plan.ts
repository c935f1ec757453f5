import { join } from 'node:path';
import { hostArch } from '../../arch/arch.js';
import type { ErrorCode } from '../../errors/codes.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { KernelConfig } from '../config.js';
import { noSymvers } from '../checks/symvers.js';
import { refusalOf } from '../findings.js';
import { autoConf, generatedHeaders } from '../generated-files.js';
import { everyModulesTools } from '../host-tools.js';
import { toolRecipes, type ToolRecipe } from '../needed-tools.js';
import { readText } from '../read-text.js';
import type { KdirSurvey } from '../survey.js';
import { follow, linkTarget } from '../tree.js';
import { elfMachine } from './elf-machine.js';
import { sourceOfKdir } from './source-of-kdir.js';

/** What has to be done to a KDIR before modules can be built with it here. */
export type MendPlan = { kind: 'nothing' } | PackagePlan | MakePlan;

/** Its host tools are a package of the distribution: the build machine's own takes its place. */
export interface PackagePlan {
  kind: 'package';
  /** For example `linux-kbuild-6.1`. */
  name: string;
  version?: string;
  /** Where the package has its files. */
  directory: string;
}

/** What is missing is made of the source that lies in it, or that it belongs to. */
export interface MakePlan {
  kind: 'make';
  /** Configure and prepare all of it: else only what is named below is made. */
  prepare: boolean;
  moduleLds: boolean;
  /** The programs that must be there in the end. */
  programs: ToolRecipe[];
}

/**
 * Looks what of a KDIR must be mended, and how that can be done.
 * @param because why a plan was refused, where it was: an image may have an older libc than the
 * survey knows of
 * @throws KbuildError KDIR_NOT_MENDABLE, KDIR_NO_SYMVERS
 */
export function mendPlan(survey: KdirSurvey, config: KernelConfig, because?: ErrorCode): MendPlan {
  const { path, roots, findings } = survey;
  const at = (name: string) => follow(roots, join(path, name));
  const has = (name: string) => at(name) !== undefined;
  const source = sourceOfKdir(roots, path);
  const inSource = (name: string) => follow(roots, join(source, name)) !== undefined;
  const asked = findings.filter(({ mend }) => mend !== undefined);
  const lds = !has('scripts/module.lds') && inSource('scripts/module.lds.S');
  const preparable = forPreparing.every(inSource);
  // Of what is only suspected to be missing, headers packages have no source: builds will tell.
  const suspected = asked.some(
    ({ code, mend }) => mend === 'prepare' && !(lds && code === 'KDIR_MODULE_LDS_MISSING'),
  );
  const prepare = ![autoConf, ...generatedHeaders].every(has) || (suspected && preparable);
  const tools =
    because === 'KDIR_HOST_TOOLS' ||
    asked.some(({ mend }) => mend === 'host-tools') ||
    everyModulesTools.some((name) => !runsHere(at(name)));
  if (!prepare && !tools && !lds) return { kind: 'nothing' };

  if (!has('Module.symvers'))
    throw refusalOf(noSymvers(path)) ?? new Error(`${path} has no Module.symvers`);
  const needed = toolRecipes(config, has);
  if (prepare) {
    const absent = forPreparing.find((name) => !inSource(name));
    if (absent !== undefined) throw noSource(path, join(source, absent));
    return { kind: 'make', prepare, moduleLds: lds, programs: needed };
  }
  if (tools && !inSource('scripts/mod/modpost.c')) {
    const found = hostToolsPackage(survey);
    if (found !== undefined) return { kind: 'package', ...found };
  }
  // If one of them cannot run here, the others are no better.
  const programs = tools ? needed : [];
  const without = programs.find((program) => !inSource(program.source));
  if (without !== undefined) throw noSource(path, join(source, without.source));
  return { kind: 'make', prepare: false, moduleLds: lds, programs };
}

/** What `make olddefconfig modules_prepare` needs of the source, and headers packages lack. */
const forPreparing = ['Kconfig', 'Kbuild', 'scripts/kconfig/Makefile', 'scripts/mod/modpost.c'];

function runsHere(program: string | undefined): boolean {
  return program !== undefined && elfMachine(program) === hostArch().elf.machine;
}

/** Debian's KDIRs have `scripts -> ../../lib/linux-kbuild-6.1/scripts`. */
function hostToolsPackage({ path, roots }: KdirSurvey) {
  const scripts = linkTarget(roots, join(path, 'scripts')) ?? '';
  const [, directory, name] = /^(.*\/(linux-kbuild-[^/]+))\/scripts$/.exec(scripts) ?? [];
  if (directory === undefined || name === undefined) return undefined;
  const version = packageVersion({ path, roots });
  return { name, directory, ...(version !== undefined && { version }) };
}

/** Debian's kernels say of which version of the package they are: `#1 SMP Debian 6.1.192-2 (…)`. */
function packageVersion({ path, roots }: Pick<KdirSurvey, 'path' | 'roots'>): string | undefined {
  for (const name of ['utsversion.h', 'compile.h']) {
    const file = follow(roots, join(path, 'include/generated', name));
    const [, version] = /UTS_VERSION ".* Debian (\S+) \(/.exec(readText(file)) ?? [];
    if (version !== undefined) return version;
  }
  return undefined;
}

function noSource(path: string, absent: string): KbuildError {
  return new KbuildError(
    'KDIR_NOT_MENDABLE',
    `${path} cannot be mended: ${absent} is missing, of which what it lacks would be made`,
    "Prepare it on a machine that its host tools run on, with the kernel's whole source ('make modules_prepare'), or name a kernel that kbuild-ts can fetch: 'kbuild-ts kernel list'.",
  );
}
