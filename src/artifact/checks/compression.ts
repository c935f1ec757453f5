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
  const options = ['CONFIG_MODULE_DECOMPRESS', option, ...needs];
  const missing = options.filter((name) => !isSet(config, name));
  if (problem !== undefined) {
    // Where the kernel does not decompress, kmod does, and reads more.
    const severity = missing.length > 0 ? 'warning' : 'error';
    findings.push(finding('COMPRESSION_UNREADABLE', severity, problem));
  }
  if (missing.length > 0) {
    const message = `${format}, and the kernel lacks ${missing.join(' and ')}`;
    findings.push(finding('COMPRESSION_NOT_CONFIGURED', 'warning', message));
  }
  return findings;
}
