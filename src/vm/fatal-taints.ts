/** Taint flags of a kernel that has complained of itself: what it does next says little of a module. */
const flags = {
  machineCheck: 4,
  badPage: 5,
  died: 7,
  warned: 9,
  softLockup: 14,
} as const;

/** These bits of /proc/sys/kernel/tainted (Documentation/admin-guide/tainted-kernels.rst). */
export const fatalTaints = Object.values(flags).reduce((sum, bit) => sum + 2 ** bit, 0);
