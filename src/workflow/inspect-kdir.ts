import { allArchs } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { KernelCompiler } from '../kernel/compiler.js';
import { explanationOf, kdirFinding, type KdirFinding } from '../kernel/findings.js';
import type { Kdir } from '../kernel/kdir.js';
import { needsMending } from '../kernel/layer/mend-kdir.js';
import { readText } from '../kernel/read-text.js';
import { resolveEach } from '../kernel/resolve.js';
import type { KdirSurvey } from '../kernel/survey.js';
import { parseSymvers } from '../kernel/symvers.js';
import { defaultToolchain } from '../toolchain/select.js';
import type { Session } from './session.js';

/** A KDIR, what was found in it, and whether modules can be built for it. */
export interface KdirReport {
  /** As the user named it. */
  ref: string;
  path: string;
  release?: string;
  arch?: string;
  /** `mended`: a build takes its errors away by itself, in a layer over it. */
  verdict: 'builds' | 'mended' | 'broken';
  findings: (KdirFinding & { explanation: string })[];
  /** The toolchain that it would be built with, or why there is none. */
  toolchain: string;
  /** Whether its host tools run in that toolchain's image. */
  runs: string;
  /** Absent where it is too broken to be read. */
  kdir?: Kdir & { symbols: number };
}

/**
 * What the KDIRs are that paths and kernel references name, and what would break a build with them.
 * A KDIR that is broken is reported, not thrown.
 * @throws KbuildError KERNEL_*, FETCH_FAILED for a reference that names nothing, or cannot be had
 */
export async function inspectKdirs(
  refs: readonly string[],
  session: Session,
): Promise<KdirReport[]> {
  const reports: KdirReport[] = [];
  for (const ref of refs) {
    for (const { name, survey } of await surveysOf(ref, session))
      reports.push(reportOf(name, survey));
  }
  return reports;
}

const options = { suiteFor: (compiler: KernelCompiler) => toolchainFor({ compiler })?.suite };

async function surveysOf(
  text: string,
  { provider }: Session,
): Promise<{ name: string; survey: KdirSurvey }[]> {
  const resolutions = await resolveEach([text], allArchs(), undefined, provider);
  return resolutions.map((resolution) => {
    const { ref: name } = resolution;
    if ('kdir' in resolution) return { name, survey: resolution.survey(options) };
    if (resolution.survey === undefined) throw resolution.error;
    return { name, survey: resolution.survey(options) };
  });
}

function reportOf(ref: string, survey: KdirSurvey): KdirReport {
  const { path, release, arch, kdir, compiler } = survey;
  const toolchain = compiler && toolchainFor({ compiler, ...kdir });
  const isMended = survey.findings.some(({ mend }) => mend !== undefined) && isMendable(survey);
  const findings = survey.findings.map((finding) => (isMended ? finding : withoutMend(finding)));
  if (compiler !== undefined && toolchain === undefined) findings.push(noToolchain(compiler));
  const errors = findings.filter(({ severity }) => severity === 'error');
  const foreign = findings.find(({ code }) => stopsTools.has(code));
  const symbols = kdir && parseSymvers(readText(kdir.symversPath)).size;
  return {
    ref,
    path,
    ...(release !== undefined && { release }),
    ...(arch !== undefined && { arch: arch.name }),
    verdict:
      errors.length === 0
        ? 'builds'
        : errors.every(({ mend }) => mend !== undefined)
          ? 'mended'
          : 'broken',
    findings: findings.map((finding) => ({ ...finding, explanation: explanationOf(finding) })),
    toolchain: toolchain?.name ?? `none: ${compiler?.text ?? 'an unknown compiler'}`,
    runs:
      foreign !== undefined
        ? `do not run: ${foreign.message}`
        : toolchain === undefined
          ? 'not judged without a toolchain'
          : `run in the image of ${toolchain.name}`,
    ...(kdir !== undefined && symbols !== undefined && { kdir: { ...kdir, symbols } }),
  };
}

/** Whether a build mends it, as it would find out for itself. Nothing is made. */
function isMendable(survey: KdirSurvey): boolean {
  try {
    return needsMending(survey);
  } catch (error) {
    if (error instanceof KbuildError) return false;
    throw error;
  }
}

function withoutMend(finding: KdirFinding): KdirFinding {
  const { code, severity, message, remedy } = finding;
  return { code, severity, message, remedy };
}

/** Findings by which the programs that every module needs do not run. */
const stopsTools = new Set<string>([
  'KDIR_HOST_TOOL_MACHINE',
  'KDIR_HOST_TOOL_GLIBC',
  'KDIR_HOST_TOOL_NOT_EXECUTABLE',
  'KDIR_HOST_TOOL_UNREADABLE',
]);

function toolchainFor(kdir: Partial<Kdir> & { compiler: KernelCompiler }) {
  try {
    return defaultToolchain({ release: '', arch: '', ...kdir });
  } catch (error) {
    if (error instanceof KbuildError && error.code === 'TOOLCHAIN_NONE_FITS') return undefined;
    throw error;
  }
}

function noToolchain({ family, major, text }: KernelCompiler): KdirFinding {
  const message = `the kernel was built with ${text || `${family} ${major}`}, and no toolchain is ${family} ${major}`;
  return kdirFinding('KDIR_TOOLCHAIN_MISSING', 'error', message);
}
