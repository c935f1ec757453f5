import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import { verifyModule } from '../artifact/verify-module.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { parseKernelConfig } from '../kernel/config.js';
import type { Kdir } from '../kernel/kdir.js';
import { parseSymvers } from '../kernel/symvers.js';
import type { UnpackedModule } from '../release/pack/format.js';
import type { PackedModule } from '../release/pack/release-project.js';
import { readSubjects } from './read-subjects.js';
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
  for (const { format, modules } of read) checkComplete(kernels, format, modules);
  const directory = join(session.scratch, 'read-back');
  try {
    for (const [i, kernel] of kernels.entries()) {
      await verifyKernel(kernel, read, join(directory, `${i}`));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const isSame = (unpacked: UnpackedModule, { bytes, plain }: PackedModule): boolean =>
  [bytes, plain].some((one) => one.equals(unpacked.bytes));

/** That a format has all that was packed, and nothing else. */
function checkComplete(
  kernels: readonly PackedKernel[],
  format: string,
  unpacked: readonly UnpackedModule[],
): void {
  for (const { kdir, modules } of kernels) {
    for (const module of modules) {
      const found = unpacked.some((one) => one.release === kdir.release && isSame(one, module));
      if (!found) {
        throw changed(
          `no package of the format ${format} holds ${module.path} for ${kdir.release}`,
        );
      }
    }
  }
  const foreign = unpacked.find(
    (one) =>
      !kernels.some(
        ({ kdir, modules }) =>
          kdir.release === one.release && modules.some((module) => isSame(one, module)),
      ),
  );
  if (foreign === undefined) return;
  throw changed(`${foreign.file} holds ${foreign.path}, which is not what was put there`);
}

const changed = (message: string): KbuildError =>
  new KbuildError(
    'VERIFY_FAILED',
    `${message}: nothing was released`,
    'A tool that packages are made with has changed or lost a module: report it with the output of --verbose.',
  );

/** As `kbuild-ts verify` would, of what was read back. */
async function verifyKernel(
  { kdir, modules, certificates }: PackedKernel,
  read: readonly ReadBack[],
  directory: string,
): Promise<void> {
  const distinct = new Map<string, UnpackedModule>();
  for (const one of read.flatMap((format) => format.modules)) {
    if (one.release !== kdir.release || !modules.some((module) => isSame(one, module))) continue;
    distinct.set(createHash('sha256').update(one.bytes).digest('hex'), one);
  }
  const paths: string[] = [];
  for (const [digest, { path, bytes }] of distinct) {
    const place = join(directory, digest);
    await mkdir(place, { recursive: true });
    paths.push(join(place, basename(path)));
    await writeFile(join(place, basename(path)), bytes);
  }
  const subjects = await readSubjects(paths, certificates);
  const siblingsOf = siblingsByKernel(subjects);
  const kernel = {
    kdir,
    config: parseKernelConfig(readFileSync(kdir.configPath, 'utf8')),
    symvers: parseSymvers(readFileSync(kdir.symversPath, 'utf8')),
  };
  for (const subject of subjects) {
    const { loads, findings } = verifyModule(subject, {
      ...kernel,
      siblings: siblingsOf(subject),
      strict: false,
    });
    const wrong = findings.filter(({ severity }) => severity === 'error');
    const unsigned = certificates.length > 0 && subject.signature.verdict.status !== 'valid';
    if (loads !== 'no' && !unsigned) continue;
    const why = unsigned
      ? `its signature is ${subject.signature.verdict.status}`
      : wrong.map(({ message }) => message).join('; ');
    throw new KbuildError(
      'VERIFY_FAILED',
      `${subject.name}, as it was packed for ${kdir.release}, would not be loaded: ${why}`,
      "'kbuild-ts verify' tells more of a module; docs/verify.md explains each finding.",
    );
  }
}
