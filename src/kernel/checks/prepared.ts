import { kdirFinding } from '../findings.js';
import { autoConf, generatedHeaders } from '../generated-files.js';
import { everyModulesTools } from '../host-tools.js';
import { releaseOf } from '../kernel-release.js';
import { isSince, some, type KdirCheck, type KdirSubject } from './subject.js';

/** The KDIR was prepared for modules, and not cleaned since. */
export const checkPrepared: KdirCheck = (subject) => {
  const { find, path } = subject;
  if (generatedHeaders.some((name) => find(name) === undefined)) {
    return [notPrepared(subject, `${generatedHeaders.join(' or ')} is missing`, 'prepare')];
  }
  if (releaseOf(find) === undefined) {
    const file = 'include/generated/utsrelease.h';
    return [notPrepared(subject, `${file} names no kernel release`, 'prepare')];
  }
  if (everyModulesTools.some((name) => find(name) === undefined)) {
    const tools = `its host tools (${everyModulesTools.join(', ')}) are missing`;
    return [notPrepared(subject, tools, 'host-tools')];
  }
  const missing = alsoNeeded(subject).filter((name) => find(name) === undefined);
  if (missing.length === 0) return [];
  const message = `of what 'make modules_prepare' generates, ${path} lacks ${some(missing)}`;
  return [kdirFinding('KDIR_PREPARED_IN_PART', 'error', message, { mend: 'prepare' })];
};

function notPrepared({ path, find }: KdirSubject, what: string, mend: 'prepare' | 'host-tools') {
  // `make mrproper` takes Module.symvers too; where it is there, the kernel was built here once.
  const built = ['vmlinux', 'Module.symvers'].filter((name) => find(name) !== undefined);
  const once = built.length > 0 ? ` (it was built once: ${built.join(' and ')} is there)` : '';
  const message = `${path} is configured but not prepared: ${what}${once}`;
  return kdirFinding('KDIR_NOT_PREPARED', 'error', message, { mend });
}

function alsoNeeded({ arch }: KdirSubject): string[] {
  const names = [autoConf, 'include/generated/bounds.h'];
  return arch === undefined ? names : [...names, `arch/${arch.srcarch}/include/generated/asm`];
}

/** The linker script of modules (scripts/Makefile.modfinal, with Debian's place for it). */
export const checkModuleLds: KdirCheck = (subject) => {
  const { arch, find, path } = subject;
  if (arch === undefined || !isSince(subject, 5, 10)) return checkOldScript(subject);
  const places = ['scripts/module.lds', `arch/${arch.srcarch}/module.lds`];
  if (places.some((name) => find(name) !== undefined)) return [];
  const message = `${path} has no scripts/module.lds, with which every module is linked`;
  return [kdirFinding('KDIR_MODULE_LDS_MISSING', 'error', message, { mend: 'prepare' })];
};

/** Before 5.10 it was a source file, so it lies with the sources of an `O=` build. */
function checkOldScript({ find, reach, path }: KdirSubject) {
  const name = 'scripts/module-common.lds';
  const found = find(name) !== undefined || reach.mounts.length > 1;
  const message = `${path} has no ${name}, with which every module is linked`;
  return found ? [] : [kdirFinding('KDIR_MODULE_LDS_MISSING', 'error', message)];
}
