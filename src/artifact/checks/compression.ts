import { isSet } from '../../kernel/config.js';
import type { KernelReadability } from '../../module/compression/kernel-readable.js';
import type { Finding } from '../finding.js';
import { finding, type Target } from './subject.js';

/**
 * Whether the kernel can decompress the file itself (finit_module with
 * MODULE_INIT_COMPRESSED_FILE, kernel/module/decompress.c).
 */
export function checkCompression(
  { format, problem, needs }: KernelReadability,
  { config }: Pick<Target, 'config'>,
): Finding[] {
  if (format === 'none') return [];
  const findings: Finding[] = [];
  const option = `CONFIG_MODULE_COMPRESS_${format.toUpperCase()}`;
  const configured = isSet(config, option);
  // Where the kernel does not decompress, kmod does, and reads more.
  const itself = configured && isSet(config, 'CONFIG_MODULE_DECOMPRESS');
  if (problem !== undefined) {
    findings.push(finding('COMPRESSION_UNREADABLE', itself ? 'error' : 'warning', problem));
  }
  const missing = itself ? needs.filter((name) => !isSet(config, name)) : [];
  if (!configured) missing.push(option);
  if (missing.length > 0) {
    const message = `${format}, and the kernel lacks ${missing.join(' and ')}`;
    findings.push(finding('COMPRESSION_NOT_CONFIGURED', 'warning', message));
  }
  return findings;
}
