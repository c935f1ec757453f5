import { machineName } from '../module/machine.js';
import { moduleParameters, type Modinfo, type ModuleParameter } from '../module/modinfo.js';
import { readSigner } from '../module/signer-claim.js';
import { readModule, readModuleSummary, type ModuleSummary } from '../module/read-module.js';
import { pkcs7IdType } from '../module/signature.js';
import type { ModuleFile } from './module-file.js';

/** What a module's file says, but for its symbols and sections. */
export interface SummaryReport {
  path: string;
  /** Bytes of the file. */
  size: number;
  compression: ModuleFile['compression'];
  elf: {
    class: 32 | 64;
    endian: 'little' | 'big';
    /** e_machine. */
    machine: number;
    machineName: string;
    /** e_type. */
    type: number;
  };
  /** Each tag of .modinfo with the list of its values, in file order. */
  modinfo: Modinfo;
  parameters: ModuleParameter[];
  /** Hexadecimal. */
  buildId?: string;
  btf: boolean;
  /** What the appended signature says of itself; null for none. */
  signature: SignatureReport | null;
}

/** All that a module's file says, as `inspect --json` gives it. CRCs are written `0x92997ed8`. */
export interface ModuleReport extends SummaryReport {
  exports: { name: string; crc?: string; gplOnly: boolean; namespace: string }[];
  imports: { name: string; crc?: string; weak: boolean }[];
  /** Where the CRCs of imports stand: `__versions`, or the extended form of Linux 6.14. */
  versions: 'none' | 'classic' | 'extended';
  /** CRC of the layout of struct module. */
  moduleLayoutCrc?: string;
  /** In file order. Bytes in memory: a section such as `.bss` takes none of the file. */
  sections: { name: string; size: number }[];
}

export interface SignatureReport {
  /** `PKCS#7`, or the number of another kind. */
  idType: string;
  signer: string;
  keyId: string;
  hash: string;
  algorithm: string;
  /** Hexadecimal. */
  value: string;
}

/** A CRC as Module.symvers writes it. */
export const formatCrc = (crc: number): string => `0x${crc.toString(16).padStart(8, '0')}`;

/**
 * Reads of an opened module file what its symbols do not matter for.
 * @throws KbuildError MODULE_*
 */
export function summariseModule(file: ModuleFile): Promise<SummaryReport> {
  return summaryReport(file, readModuleSummary(file.source));
}

/**
 * Reads an opened module file whole.
 * @throws KbuildError MODULE_*
 */
export async function reportModule(file: ModuleFile): Promise<ModuleReport> {
  const info = readModule(file.source);
  const { moduleLayoutCrc: layout, versions } = info;
  return {
    ...(await summaryReport(file, info)),
    exports: info.exports.map(({ name, crc, gplOnly, namespace }) =>
      crc === undefined
        ? { name, gplOnly, namespace }
        : { name, crc: formatCrc(crc), gplOnly, namespace },
    ),
    imports: info.imports.map(({ name, crc, weak }) =>
      crc === undefined ? { name, weak } : { name, crc: formatCrc(crc), weak },
    ),
    versions: versions.form,
    ...(layout !== undefined && { moduleLayoutCrc: formatCrc(layout) }),
    sections: info.sections.map(({ name, size }) => ({ name, size })),
  };
}

async function summaryReport(file: ModuleFile, info: ModuleSummary): Promise<SummaryReport> {
  const { path, size, compression } = file;
  const { elf, modinfo, buildId, btf } = info;
  return {
    path,
    size,
    compression,
    elf: { ...elf, machineName: machineName(elf.machine) },
    modinfo,
    parameters: moduleParameters(modinfo),
    ...(buildId !== undefined && { buildId }),
    btf,
    signature: await signatureReport(info),
  };
}

async function signatureReport({ signature }: ModuleSummary): Promise<SignatureReport | null> {
  if (signature === undefined) return null;
  const { idType, message, contentLength } = signature;
  if (idType !== pkcs7IdType) {
    return { idType: String(idType), signer: '', keyId: '', hash: '', algorithm: '', value: '' };
  }
  const { value, ...signer } = await readSigner(message, contentLength);
  return { idType: 'PKCS#7', ...signer, value: Buffer.from(value).toString('hex') };
}
