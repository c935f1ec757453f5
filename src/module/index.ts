/**
 * `kbuild-ts/module`: Linux kernel module files, read, judged and laid out. Pure functions on bytes,
 * without a file system and without native code.
 */
export type { ByteSource } from './bytes.js';
export { decompressModule, type DecompressOptions } from './compression/decompress.js';
export { detectCompression, type Compression } from './compression/detect.js';
export { kernelReadable, type KernelReadability } from './compression/kernel-readable.js';
export { dependencyGraph, type DependencyGraph } from './depmod/dependency-graph.js';
export { depmodIndexes, type BuiltinInput } from './depmod/depmod-indexes.js';
export type { DepmodModule } from './depmod/depmod-module.js';
export { depmodTexts, type DepmodTextName } from './depmod/depmod-texts.js';
export { toDot } from './depmod/dot.js';
export { allProviders, loadOrder } from './depmod/load-order.js';
export type { ModuleTreeInput } from './depmod/module-tree.js';
export { readDepmodModule } from './depmod/read-depmod-module.js';
export { unmetImports, type UnmetImport } from './depmod/unmet-imports.js';
export { readElf, sectionBytes, type Elf, type ElfSection } from './elf.js';
export type { ExportedSymbol } from './exports.js';
export { machineName } from './machine.js';
export { moduleParameters, parseModinfo, type Modinfo, type ModuleParameter } from './modinfo.js';
export {
  readModule,
  readModuleSummary,
  type ModuleInfo,
  type ModuleSummary,
} from './read-module.js';
export { findSignature, signatureTrailer, type AppendedSignature } from './signature.js';
export { readSigner, type ModuleSigner } from './signer-claim.js';
export type { ImportedSymbol } from './symbols.js';
export {
  signatureVerifier,
  type SignatureVerdict,
  type SignatureVerifier,
} from './verify-signature.js';
