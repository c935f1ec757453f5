import { constants } from 'node:os';

/** Errors that modules are refused with and that are not among Node's own (asm-generic/errno.h). */
const more: Record<number, string> = {
  126: 'ENOKEY',
  127: 'EKEYEXPIRED',
  128: 'EKEYREVOKED',
  129: 'EKEYREJECTED',
};

const names = new Map<number, string>([
  ...Object.entries(more).map(([number, name]) => [Number(number), name] as const),
  ...Object.entries(constants.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'ENOTSUP') // second names of others
    .map(([name, number]) => [number, name] as const),
]);

/**
 * The name of the error that insmod has ended with.
 * @param said what it said, for an exit status that is no error of the kernel's
 */
export function errorName(status: number, said: string): string {
  return names.get(status) ?? (said || `exit status ${status}`);
}
