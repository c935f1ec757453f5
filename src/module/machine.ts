/** e_machine by the names that `uname -m` and binutils use (include/uapi/linux/elf-em.h). */
const machines: Record<number, string> = {
  2: 'sparc',
  3: 'i386',
  4: 'm68k',
  8: 'mips',
  15: 'parisc',
  20: 'ppc',
  21: 'ppc64',
  22: 's390',
  40: 'arm',
  42: 'sh',
  43: 'sparc64',
  62: 'x86_64',
  92: 'openrisc',
  93: 'arc',
  94: 'xtensa',
  183: 'aarch64',
  189: 'microblaze',
  195: 'arc',
  243: 'riscv',
  252: 'csky',
  258: 'loongarch',
};

/** The name of an ELF machine that Linux runs on, or `machine <number>`. */
export function machineName(machine: number): string {
  return machines[machine] ?? `machine ${machine}`;
}
