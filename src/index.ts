/**
 * kbuild-ts as a library: all that the command line does. `withSession` opens a session; `plan`
 * and `build` walk from a directory to jobs and to modules; `readModule` reads a `.ko`.
 */
export { archByName, allArchs, type Arch } from './arch/arch.js';
export { describeModule } from './artifact/describe.js';
export type { Artifact, JobRecord, Manifest, Verdict } from './artifact/manifest-schema.js';
export { errorCodes, type ErrorCode, type ExitStatus } from './errors/codes.js';
export { KbuildError, type ErrorReport } from './errors/kbuild-error.js';
export type { Diagnostic, Emit, Event, JobLabel, JobStatus, JobStep } from './events/event.js';
export { readKdir, type Kdir } from './kernel/kdir.js';
export { listKernels, resolveKernels } from './kernel/resolve.js';
export type { KernelListing } from './kernel/providers/port.js';
export { parseSymvers, type ExportedSymbol, type Symvers } from './kernel/symvers.js';
export { readElf, type Elf, type ElfSection } from './module/elf.js';
export { parseModinfo, type Modinfo } from './module/modinfo.js';
export { readSigner, type ModuleSigner } from './module/pkcs7.js';
export { readModule, type ModuleInfo } from './module/read-module.js';
export { findSignature, type AppendedSignature } from './module/signature.js';
export type { Job } from './plan/job.js';
export { reproduceCommand } from './plan/reproduce.js';
export { defineConfig } from './project/define-config.js';
export type { Config, ProjectConfig, WorkspaceConfig } from './project/config-schema.js';
export { createSigner, type Signer, type SignerOptions } from './release/signer.js';
export { cacheDirectory } from './storage/directories.js';
export { allToolchains, toolchainByName, type Toolchain } from './toolchain/toolchain.js';
export { diagnose, type Check } from './workflow/doctor.js';
export { cleanAll, cleanOutput } from './workflow/clean.js';
export { generateMakefile, type GeneratedFile } from './workflow/generate.js';
export { inspectFile } from './workflow/inspect.js';
export { inspectKdir, type KdirReport } from './workflow/inspect-kdir.js';
export { repair, type RepairContext } from './workflow/repair.js';
export { build, type BuildReport, type BuildRequest } from './workflow/build.js';
export { plan, type PlanRequest } from './workflow/plan.js';
export { withSession, type Session, type SessionOptions } from './workflow/session.js';
