/** A taint flag of the kernel's, in the order of its bits (Documentation/admin-guide/tainted-kernels.rst). */
export interface TaintFlag {
  letter: string;
  /** What is so, said of the kernel. */
  meaning: string;
}

export const taintFlags: readonly TaintFlag[] = [
  { letter: 'P', meaning: 'a proprietary module was loaded' },
  { letter: 'F', meaning: 'a module was loaded by force' },
  { letter: 'S', meaning: 'it runs on a processor or system that is out of specification' },
  { letter: 'R', meaning: 'a module was unloaded by force' },
  { letter: 'M', meaning: 'the processor reported a machine check' },
  { letter: 'B', meaning: 'a bad page was found' },
  { letter: 'U', meaning: 'user space asked for it' },
  { letter: 'D', meaning: 'the kernel died: an oops or a BUG' },
  { letter: 'A', meaning: 'an ACPI table was overridden' },
  { letter: 'W', meaning: 'the kernel warned' },
  { letter: 'C', meaning: 'a staging driver was loaded' },
  { letter: 'I', meaning: 'a bug in the firmware was worked around' },
  { letter: 'O', meaning: 'a module that was built out of tree was loaded' },
  { letter: 'E', meaning: 'an unsigned module was loaded' },
  { letter: 'L', meaning: 'a soft lockup occurred' },
  { letter: 'K', meaning: 'the kernel was live patched' },
  { letter: 'X', meaning: 'a flag of the distribution' },
  { letter: 'T', meaning: 'it was built with the randstruct plugin' },
  { letter: 'N', meaning: 'an in-kernel test was run' },
  { letter: 'J', meaning: 'user space used a mutating debug operation of fwctl' },
];

/** The flags that are set in the number of /proc/sys/kernel/tainted; one that has no name is `bit 30`. */
export function taintsIn(value: number): TaintFlag[] {
  const flags: TaintFlag[] = [];
  for (let bit = 0; bit < 53; bit++) {
    if (Math.floor(value / 2 ** bit) % 2 === 0) continue;
    flags.push(taintFlags[bit] ?? { letter: `bit ${bit}`, meaning: 'a flag that is not known' });
  }
  return flags;
}

/** The letters of the flags that are set, in the order of their bits: `OE`; empty for none. */
export const taintLetters = (value: number): string =>
  taintsIn(value)
    .map(({ letter }) => letter)
    .join('');
