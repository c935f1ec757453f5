import { createHash, type X509Certificate } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Target } from '../artifact/checks/subject.js';
import { archByName } from '../arch/arch.js';
import { verifyModule } from '../artifact/verify-module.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { parseKernelConfig } from '../kernel/config.js';
import type { Kdir } from '../kernel/kdir.js';
import { parseSymvers } from '../kernel/symvers.js';
import type { Layout, UnpackedModule } from '../release/pack/format.js';
import type { PackedModule } from '../release/pack/release-project.js';
import { readSubjects, type FileSubject } from './read-subjects.js';
import type { Session } from './session.js';
import { siblingsByKernel } from './siblings.js';

/** What packages were made of, for one kernel. */
export interface PackedKernel {
  kdir: Kdir;
  modules: readonly PackedModule[];
  /** Certificates of the keys that its modules were signed with. */
  certificates: readonly X509Certificate[];
}

/** Modules that were read back out of the packages of one format. */
export interface ReadBack {
  format: string;
  layout: Layout;
  modules: readonly UnpackedModule[];
}

/**
 * Holds what is in finished packages against what was put there, and against the kernels: every module
 * is there, in every format, to the last bit, and its kernel would load it.
 * @throws KbuildError VERIFY_FAILED
 */
export async function verifyPacked(
  kernels: readonly PackedKernel[],
  read: readonly ReadBack[],
  session: Session,
): Promise<void> {
  for (const format of read) checkComplete(kernels, format);
  const directory = join(session.scratch, 'read-back');
  try {
    const all: { kernel: PackedKernel; subjects: FileSubject[] }[] = [];
    for (const [i, kernel] of kernels.entries()) {
      const paths = await writeDistinct(kernel, read, join(directory, `${i}`));
      all.push({ kernel, subjects: await readSubjects(paths, kernel.certificates) });
    }
    // Modules of one project use symbols of another's.
    const siblingsOf = siblingsByKernel(all.flatMap(({ subjects }) => subjects));
    for (const { kernel, subjects } of all) {
      const { kdir, certificates } = kernel;
      const target = {
        kdir,
        config: parseKernelConfig(readFileSync(kdir.configPath, 'utf8')),
        symvers: parseSymvers(readFileSync(kdir.symversPath, 'utf8')),
        strict: false,
      };
      for (const subject of subjects) {
        checkLoads(subject, { ...target, siblings: siblingsOf(subject) }, certificates);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether a module of a package is one that was put there: by its place, to the last bit. */
function isPacked(unpacked: UnpackedModule, layout: Layout, kernel: PackedKernel): boolean {
  if (unpacked.release !== kernel.kdir.release || !isFor(unpacked.file, kernel.kdir)) return false;
  return kernel.modules.some(({ name, path, bytes, plain }) =>
    layout === 'flat'
      ? unpacked.path === `${name}.ko` && plain.equals(unpacked.bytes)
      : unpacked.path === path && bytes.equals(unpacked.bytes),
  );
}

/**
 * Whether a file is for a kernel's arch, as far as its name says; of an OCI layout each image says for
 * which platform it is, and reading it back looks at that.
 */
function isFor(file: string, { release, arch }: Kdir): boolean {
  const { debian, rpm } = archByName(arch);
  if (file.endsWith('.deb')) return file.endsWith(`_${debian}.deb`);
  if (file.endsWith('.rpm')) return file.endsWith(`.${rpm}.rpm`);
  if (file.startsWith('tar/')) return file.endsWith(`-${arch}.tar.gz`);
  if (file.startsWith('android/')) return file.startsWith(`android/${release}-${arch}/`);
  return true;
}

/** That a format has all that was packed, and nothing else. */
function checkComplete(
  kernels: readonly PackedKernel[],
  { format, layout, modules: unpacked }: ReadBack,
): void {
  for (const kernel of kernels) {
    for (const module of kernel.modules) {
      const alone = { ...kernel, modules: [module] };
      if (unpacked.some((one) => isPacked(one, layout, alone))) continue;
      throw changed(
        `no package of the format ${format} holds ${module.path} for ${kernel.kdir.release} (${kernel.kdir.arch})`,
      );
    }
  }
  const foreign = unpacked.find((one) => !kernels.some((kernel) => isPacked(one, layout, kernel)));
  if (foreign === undefined) return;
  throw changed(`${foreign.file} holds ${foreign.path}, which is not what was put there`);
}

const changed = (message: string): KbuildError =>
  new KbuildError(
    'VERIFY_FAILED',
    `${message}: nothing was released`,
    'A tool that packages are made with has changed or lost a module: report it with the output of --verbose.',
  );

/** Writes what was read back for a kernel, equal modules once. */
async function writeDistinct(
  kernel: PackedKernel,
  read: readonly ReadBack[],
  directory: string,
): Promise<string[]> {
  const distinct = new Map<string, UnpackedModule>();
  for (const { layout, modules } of read) {
    for (const one of modules.filter((module) => isPacked(module, layout, kernel))) {
      distinct.set(createHash('sha256').update(one.bytes).digest('hex'), one);
    }
  }
  const paths: string[] = [];
  for (const [digest, { path, bytes }] of distinct) {
    const place = join(directory, digest);
    await mkdir(place, { recursive: true });
    paths.push(join(place, basename(path)));
    await writeFile(join(place, basename(path)), bytes);
  }
  return paths;
}

/** As `kbuild-ts verify` would say. */
function checkLoads(
  subject: FileSubject,
  target: Target,
  certificates: readonly X509Certificate[],
): void {
  const { status } = subject.signature.verdict;
  const { loads, findings } = verifyModule(subject, target);
  const isUnsigned = certificates.length > 0 && status !== 'valid';
  if (loads !== 'no' && !isUnsigned) return;
  const wrong = findings.filter(({ severity }) => severity === 'error');
  const why = isUnsigned
    ? `its signature is ${status}`
    : wrong.map(({ message }) => message).join('; ');
  throw new KbuildError(
    'VERIFY_FAILED',
    `${subject.name}, as it was packed for ${target.kdir.release}, would not be loaded: ${why}`,
    "'kbuild-ts verify' tells more of a module; docs/verify.md explains each finding.",
  );
}
