import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { unpackArchive } from '../../../src/artifact/collect.js';
import { reportModule } from '../../../src/artifact/module-report.js';
import { readKernelImage } from '../../../src/kernel/image/read-kernel-image.js';
import { sourceOf } from '../../../src/module/bytes.js';
import { decompressModule } from '../../../src/module/compression/decompress.js';
import { kernelReadable } from '../../../src/module/compression/kernel-readable.js';
import { builtinModinfo, builtinModules } from '../../../src/module/depmod/builtin.js';
import { readDepmodModule } from '../../../src/module/depmod/read-depmod-module.js';
import { parseModinfo } from '../../../src/module/modinfo.js';
import { readSigner } from '../../../src/module/signer-claim.js';
import { findSignature, signatureTrailer } from '../../../src/module/signature.js';
import { signatureVerifier } from '../../../src/module/verify-signature.js';
import { compress } from '../compressors.js';
import {
  bzImage,
  certificateList,
  makeCertificate,
  rawImage,
  uncompressedKernel,
  vmlinux,
  zboot,
} from '../kernel-image.js';
import { cmsSign, makeKeyPair } from '../openssl.js';

/** What reads bytes that anybody may have made. */
export interface FuzzTarget {
  name: string;
  /** Bytes that it reads well. */
  seeds: Uint8Array[];
  /** Reads bytes; throws a KbuildError for what it refuses, anything else is a defect. */
  read: (bytes: Buffer, seed: Uint8Array) => unknown;
}

/**
 * The readers, each with real modules in the form that it reads.
 * @param directory where keys and the like are put
 */
export async function fuzzTargets(
  modules: readonly Buffer[],
  directory: string,
): Promise<FuzzTarget[]> {
  const keys = [makeKeyPair(directory, 'rsa', { algorithm: 'rsa' }), makeKeyPair(directory, 'ec')];
  const unsigned = modules.map((module) =>
    module.subarray(0, findSignature(module)?.contentLength ?? module.length),
  );
  const signed = unsigned.map((module, i) => {
    const file = join(directory, 'module.ko');
    writeFileSync(file, module);
    const message = cmsSign(file, keys[i % 2]!, i % 3 === 0 ? 'sha512' : 'sha256');
    return Buffer.concat([module, message, signatureTrailer(message.length)]);
  });
  const messages = signed.map((module) => Buffer.from(findSignature(module)!.message));
  const verify = await signatureVerifier(
    keys.map(({ cert }) => new X509Certificate(readFileSync(cert))),
  );
  const archives = await Promise.all(modules.map(archiveOf));
  return [
    { name: 'inspect', seeds: [...modules, ...signed], read: inspect },
    { name: 'depmod', seeds: [...modules], read: (bytes) => readDepmodModule('x.ko', bytes) },
    { name: 'modinfo', seeds: modules.map(modinfoOf), read: parseModinfo },
    { name: 'signer', seeds: messages, read: (bytes) => readSigner(bytes) },
    {
      name: 'signature',
      seeds: signed,
      read: (bytes, seed) => {
        // The one thing that must never be: other bytes, and a good signature.
        if (verify(bytes).status === 'valid' && !bytes.equals(seed)) throw new Error('wrong valid');
      },
    },
    ...compressors.map(([name, program, ...options]) => ({
      name,
      seeds: unsigned.map((module) => compress(program, module, ...options)),
      read: (bytes: Buffer) => expand(bytes, unsigned),
    })),
    { name: 'archive', seeds: archives, read: unpackArchive },
    { name: 'kernel image', seeds: kernelImages(directory), read: readKernelImage },
    {
      name: 'modules.builtin',
      seeds: modules.map(modinfoOf),
      read: (bytes) => [builtinModinfo(bytes), builtinModules(bytes.toString('utf8'))],
    },
  ];
}

const inspect = (bytes: Buffer) =>
  reportModule({ path: 'x.ko', size: bytes.length, compression: 'none', source: sourceOf(bytes) });

const compressors = [
  ['gzip', 'gzip', '-n'],
  ['xz', 'xz', '--check=crc32'],
  ['xz with SHA-256', 'xz', '--check=sha256'],
  ['zstd', 'zstd', '--check'],
] as const;

/** More than any seed expands to, and less than a bomb. */
const limit = 64 * 2 ** 20;

async function expand(bytes: Buffer, originals: readonly Buffer[]): Promise<void> {
  kernelReadable(bytes);
  const expanded = await decompressModule(bytes, { limit });
  // What is no longer told as compressed comes back as it is; all else has passed its checksum.
  const whole = originals.some((original) => original.equals(expanded));
  if (!whole && !bytes.equals(expanded)) throw new Error('other bytes with a good checksum');
}

function kernelImages(directory: string): Buffer[] {
  const certificate = makeCertificate(directory, 'kernel');
  const layout = { alignment: 8, word: 8, endian: 'little' } as const;
  const kernel = uncompressedKernel([certificateList([certificate], certificate.length, layout)]);
  return [
    bzImage(compress('gzip', kernel)),
    bzImage(compress('xz', kernel, '--check=crc32', '--x86', '--lzma2'), kernel),
    zboot(compress('zstd', kernel), 'zstd'),
    rawImage(kernel),
    vmlinux(kernel),
    compress('gzip', rawImage(kernel)),
  ];
}

function modinfoOf(module: Buffer): Buffer {
  const start = module.indexOf('license=');
  return module.subarray(start, start + 1024);
}

async function archiveOf(module: Buffer): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: 'a/module.ko' }, module);
  archive.entry({ name: 'modules.order' }, 'a/module.o\n');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
