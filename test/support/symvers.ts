import type { ModuleInfo } from '../../src/module/read-module.js';

/** A line of Module.symvers. */
export interface Export {
  name: string;
  crc?: number | undefined;
  module?: string;
  type?: 'EXPORT_SYMBOL' | 'EXPORT_SYMBOL_GPL';
  namespace?: string;
}

/** A Module.symvers as modpost of Linux 5.8 and later writes it. */
export function symversText(...symbols: Export[]): string {
  return symbols
    .map(({ name, crc = 0, module = 'vmlinux', type = 'EXPORT_SYMBOL', namespace = '' }) => {
      const hex = `0x${crc.toString(16).padStart(8, '0')}`;
      return `${[hex, name, module, type, namespace].join('\t')}\n`;
    })
    .join('');
}

/** The Module.symvers of a kernel that exports just what a module takes, but for some symbols. */
export function kernelFor({ imports }: Pick<ModuleInfo, 'imports'>, ...without: string[]): string {
  return symversText(...imports.filter(({ name }) => !without.includes(name)));
}
