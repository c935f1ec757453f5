import { largestImage } from '../kernel/image/identify-kernel-file.js';
import { readInput } from '../storage/read-input.js';
import { X509Certificate } from 'node:crypto';
import { allArchs, archOfElf, type Arch } from '../arch/arch.js';
import { parseKmiSymbolList } from '../artifact/checks/kmi.js';
import type { SignatureSubject } from '../artifact/checks/signature.js';
import { verifyModule, type Verification } from '../artifact/verify-module.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { readKernelImage, type KernelImage } from '../kernel/image/read-kernel-image.js';
import { readCertificates } from '../release/certificate.js';
import { compareKernels, type KernelDifference } from './compare-kernels.js';
import { loadKernels, nameOf, type LoadedKernel, type VerifiedKernel } from './loaded-kernel.js';
import { modulePaths } from './module-paths.js';
import { readSubjects, type FileSubject } from './read-subjects.js';
import type { Session } from './session.js';
import { siblingsByKernel } from './siblings.js';

export interface VerifyRequest {
  /** Modules, directories of them, globs. */
  files: readonly string[];
  /** Paths of KDIRs and references of kernels. */
  kernels: readonly string[];
  /** Other kernels to say whether they could be served too. */
  against: readonly string[];
  /** Files of X.509 certificates that the kernel trusts. */
  certificates: readonly string[];
  /** The image of the kernel: the certificates in it are trusted. */
  kernelImage?: string | undefined;
  kmiSymbolList?: string | undefined;
  strict: boolean;
}

/** One module and one kernel. */
export interface ModuleVerification extends Verification {
  path: string;
  kernel: VerifiedKernel;
}

export interface VerifyReport {
  strict: boolean;
  modules: ModuleVerification[];
  differences: KernelDifference[];
}

/**
 * Says of modules whether kernels would load them.
 * @throws KbuildError MODULE_*, KDIR_*, KERNEL_*, SIGN_KEY
 */
export async function verify(request: VerifyRequest, session: Session): Promise<VerifyReport> {
  const image = await readImage(request.kernelImage);
  const given = request.certificates.flatMap(readCertificates);
  const certificates = [
    ...given,
    ...(image?.certificates ?? []).map((der) => new X509Certificate(der)),
  ];
  const subjects = await readSubjects(await modulePaths(request.files), certificates);
  const archs = archsOf(subjects);
  const kernels = await loadKernels(request.kernels, archs, session);
  checkImage(image, request.kernelImage, kernels);
  const { kmiSymbolList: list } = request;
  const kmi = list === undefined ? undefined : parseKmiSymbolList(readInput(list).toString('utf8'));
  const others = await loadKernels(request.against, archs, session);
  const siblingsOf = siblingsByKernel(subjects);
  const subjectsOf = (kernel: LoadedKernel) => subjectsFor(kernel, kernels, subjects);
  const judge = (subject: FileSubject, kernel: LoadedKernel, strict: boolean) =>
    verifyModule(subject, { ...kernel, siblings: siblingsOf(subject), strict }, kmi);
  return {
    strict: request.strict,
    modules: kernels.flatMap((kernel) =>
      subjectsOf(kernel).map((subject) => ({
        path: subject.path,
        kernel: nameOf(kernel),
        ...judge(subject, kernel, request.strict),
      })),
    ),
    // The certificates of one kernel say nothing of another.
    differences: compareKernels(kernels, others, subjectsOf, (subject, kernel) =>
      judge({ ...subject, signature: trustingOnly(given, subject.signature) }, kernel, false),
    ),
  };
}

const archOf = ({ info }: FileSubject): Arch | undefined => archOfElf(info.elf);

/** The archs of which a reference's newest kernels are wanted: those that the modules are for. */
function archsOf(subjects: readonly FileSubject[]): Arch[] {
  const archs = new Set(subjects.map(archOf).filter((arch) => arch !== undefined));
  return archs.size === 0 ? allArchs() : [...archs];
}

/** Where there are kernels of several archs, a module is held against those of its own. */
function subjectsFor(
  { kdir }: LoadedKernel,
  kernels: readonly LoadedKernel[],
  subjects: readonly FileSubject[],
): FileSubject[] {
  const known = new Set(kernels.map((kernel) => kernel.kdir.arch));
  return subjects.filter((subject) => {
    const arch = archOf(subject)?.name;
    return arch === kdir.arch || arch === undefined || !known.has(arch);
  });
}

async function readImage(path: string | undefined): Promise<KernelImage | undefined> {
  if (path === undefined) return undefined;
  const bytes = readInput(path, largestImage);
  try {
    return await readKernelImage(bytes);
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    throw new KbuildError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
  }
}

/** What a signature came to with fewer certificates. */
function trustingOnly(
  given: readonly X509Certificate[],
  signature: SignatureSubject,
): SignatureSubject {
  const { verdict } = signature;
  if (verdict.status !== 'valid' || given.includes(verdict.certificate)) return signature;
  return {
    ...signature,
    verdict: { status: 'unknown-key', hash: verdict.hash },
    hasCertificates: given.length > 0,
  };
}

function checkImage(
  image: KernelImage | undefined,
  path: string | undefined,
  kernels: readonly LoadedKernel[],
): void {
  const other = kernels.find(({ kdir }) => kdir.release !== image?.release);
  if (image === undefined || other === undefined) return;
  throw new KbuildError(
    'KERNEL_IMAGE_MISMATCH',
    `${path} is the image of ${image.release}, and the modules are verified for ${other.kdir.release}`,
    'Give the image of this very kernel, and one kernel at a time.',
  );
}
