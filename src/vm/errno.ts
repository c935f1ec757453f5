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

/** Exit statuses of a program that a signal ended: those that are no error's number as well. */
const signals = new Map([
  [134, 'SIGABRT'],
  [135, 'SIGBUS'],
  [136, 'SIGFPE'],
  [137, 'SIGKILL'],
  [139, 'SIGSEGV'],
]);

/** The signal that ended insmod: the kernel does so to a program that oopses in it. */
export const signalName = (status: number): string | undefined => signals.get(status);

/** What delete_module(2) fails with, as rmmod words it. */
const unloadErrors: Record<string, string> = {
  'Resource temporarily unavailable': 'EAGAIN',
  'Device or resource busy': 'EBUSY',
  'No such file or directory': 'ENOENT',
  'Operation not permitted': 'EPERM',
};

/** Of `rmmod: can't unload module 'x': Device or resource busy` the error's name: `EBUSY`. */
export function unloadError(said: string): string {
  const reason = said.replace(/^.*?': /, '') || 'rmmod failed';
  return unloadErrors[reason] ?? reason;
}

/**
 * The name of the error that insmod has ended with.
 * @param said what it said, for an exit status that is no error of the kernel's
 */
export function errorName(status: number, said: string): string {
  return names.get(status) ?? (said || `exit status ${status}`);
}
