/**
 * kbuild-ts as a library: all that the command line does. `withSession` opens a session; `plan`
 * and `build` walk from a directory to jobs and to modules, `watch` again and again; `test` tries modules in a
 * booted kernel; `readModule` reads a `.ko`.
 */
export { archByName, allArchs, type Arch } from './arch/arch.js';
export { describeModule } from './artifact/describe.js';
export type { ExplainedFinding, Finding, FindingCode } from './artifact/finding.js';
export type { ModuleReport, SummaryReport } from './artifact/module-report.js';
export type { Verification } from './artifact/verify-module.js';
export type { Artifact, JobRecord, Manifest, Verdict } from './artifact/manifest-schema.js';
export type { ReleasedJob, ReleaseRecord } from './artifact/release-schema.js';
export type { RebuildReport } from './artifact/rebuild/report-schema.js';
export type { TestCaseRecord, TestRecord } from './artifact/test-record-schema.js';
export { expectedTime } from './engine/expected-time.js';
export { JobHistory, type Expectation } from './engine/job-history.js';
export { errorCodes, type ErrorCode, type ExitStatus } from './errors/codes.js';
export { KbuildError, type ErrorReport } from './errors/kbuild-error.js';
export type { Diagnostic, Emit, Event, JobLabel, JobStatus, JobStep } from './events/event.js';
export { bootFiles, type BootFiles } from './kernel/boot-files.js';
export { readKernelImage, type KernelImage } from './kernel/image/read-kernel-image.js';
export type { KdirFinding } from './kernel/findings.js';
export { readKdir, type Kdir } from './kernel/kdir.js';
export { resolveEach, resolveKernels } from './kernel/resolve.js';
export type { KernelListing, Resolution } from './kernel/providers/port.js';
export type { Repository } from './kernel/repository.js';
export { surveyKdir, type KdirSurvey } from './kernel/survey.js';
export { parseSymvers, type Symvers, type SymversEntry } from './kernel/symvers.js';
export * from './module/index.js';
export type { Job } from './plan/job.js';
export { reproduceCommand } from './plan/reproduce.js';
export { defineConfig } from './project/define-config.js';
export type { Config, ProjectConfig, WorkspaceConfig } from './project/config-schema.js';
export { buildJunitXml } from './report/build-junit.js';
export { sarifText } from './report/sarif.js';
export { junitXml } from './report/test-junit.js';
export { createSigner, type Signer, type SignerOptions } from './release/signer.js';
export { cacheDirectory } from './storage/directories.js';
export { allToolchains, toolchainByName, type Toolchain } from './toolchain/toolchain.js';
export { findReports, type KernelReport, type StackFrame } from './vm/kernel-reports.js';
export type { KernelMessage } from './vm/kernel-message.js';
export { diagnose, type Check } from './workflow/doctor.js';
export {
  localStats,
  sharedStats,
  type AreaStats,
  type CacheStats,
} from './workflow/cache-stats.js';
export { pruneLocal, pruneShared, type PruneCacheReport } from './workflow/cache-prune.js';
export { verifyLocal, verifyShared, type VerifyCacheReport } from './workflow/cache-verify.js';
export { cleanAll, cleanOutput } from './workflow/clean.js';
export { generateMakefile, type GeneratedFile } from './workflow/generate.js';
export { generateCi, type CiProvider, type GenerateCiRequest } from './workflow/generate-ci.js';
export {
  generateDkms,
  type GenerateDkmsRequest,
  type GeneratedTree,
} from './workflow/generate-dkms.js';
export { packDkms, type PackedFile, type PackRequest } from './workflow/pack-dkms.js';
export { inspectFile, summariseFile } from './workflow/inspect.js';
export { dependencies, writeDepmodFiles, type DepsReport } from './workflow/deps.js';
export { readModuleTree, type ModuleTree } from './workflow/module-tree.js';
export { generateKeys } from './workflow/generate-keys.js';
export { test, type TestReport, type TestRequest } from './workflow/test.js';
export { verifyFiles, type VerifiedFile } from './workflow/verify-signatures.js';
export { removeSignatures, signFiles, type SignRequest, type SignedFile } from './workflow/sign.js';
export { verify, type VerifyReport, type VerifyRequest } from './workflow/verify.js';
export { inspectKdirs, type KdirReport } from './workflow/inspect-kdir.js';
export { listKernels } from './workflow/list-kernels.js';
export {
  prepareKernels,
  type PrepareReport,
  type PrepareRequest,
} from './workflow/prepare-kernels.js';
export { prune, type Pruned, type PruneRequest } from './workflow/prune.js';
export { repair, type RepairContext } from './workflow/repair.js';
export { release, type Release, type ReleaseReport } from './workflow/release.js';
export type { ReleaseRequest } from './workflow/release-request.js';
export { rebuild, type RebuildResult } from './workflow/rebuild.js';
export type { RebuildRequest } from './workflow/rebuild-request.js';
export { build, type BuildReport, type BuildRequest } from './workflow/build.js';
export type { SharedCacheRequest } from './workflow/open-shared-cache.js';
export { watch, type WatchEvent } from './workflow/watch.js';
export {
  findCompileCommands,
  type CompileCommandsReport,
  type CompileCommandsRequest,
} from './workflow/compile-commands.js';
export { plan, type Plan, type PlanRequest } from './workflow/plan.js';
export type { UnusableKernel } from './workflow/unusable-kernel.js';
export { withSession, type Session, type SessionOptions } from './workflow/session.js';
