/** Exit status of the command line; docs/errors.md explains each. */
export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 70 | 130;

/**
 * Every error code that kbuild-ts can report, with the exit status that it leads to.
 * A code is permanent: scripts match on it. docs/errors.md has a section for each.
 */
export const errorCodes = {
  // 1: a job did not compile
  BUILD_COMPILE_ERROR: 1,
  BUILD_UNDEFINED_SYMBOL: 1,
  BUILD_MAKE_FAILED: 1,
  BUILD_NO_MODULES: 1,
  BUILD_MODULE_MISSING: 1,
  BUILD_TIMEOUT: 1,
  BUILD_DEPENDENCY_FAILED: 1,
  // 2: usage or configuration
  USAGE: 2,
  CONFIG_SYNTAX: 2,
  CONFIG_INVALID: 2,
  CONFIG_SOURCE_NAME: 2,
  CONFIG_SOURCE_MISSING: 2,
  CONFIG_MODULE_CONFLICT: 2,
  CONFIG_DEPENDENCY_CYCLE: 2,
  PROJECT_NOT_FOUND: 2,
  PROJECT_NO_MODULES: 2,
  PROJECT_AMBIGUOUS: 2,
  PROJECT_PATH: 2,
  PROJECT_FILE_EXISTS: 2,
  KERNEL_UNKNOWN: 2,
  KERNEL_REF: 2,
  KERNEL_ARCH_UNSUPPORTED: 2,
  KDIR_NOT_FOUND: 2,
  KDIR_NOT_CONFIGURED: 2,
  KDIR_NOT_PREPARED: 2,
  KDIR_NO_SYMVERS: 2,
  KDIR_BROKEN_LINK: 2,
  KDIR_MODULES_DISABLED: 2,
  KDIR_ARCH_UNKNOWN: 2,
  KDIR_ARCH_MISMATCH: 2,
  KDIR_HOST_TOOLS: 2,
  KDIR_NOT_IN_PLACE: 2,
  TOOLCHAIN_UNKNOWN: 2,
  TOOLCHAIN_MISMATCH: 2,
  TOOLCHAIN_NONE_FITS: 2,
  TOOLCHAIN_NOT_INSTALLED: 2,
  ARCH_UNKNOWN: 2,
  PLAN_OUTPUT_COLLISION: 2,
  SIGN_KEY: 2,
  MODULE_NOT_ELF: 2,
  MODULE_TRUNCATED: 2,
  MODULE_SIGNATURE_FORMAT: 2,
  MODULE_UNREADABLE: 2,
  // 3: verification
  VERIFY_FAILED: 3,
  // 4: infrastructure
  ENGINE_NOT_FOUND: 4,
  ENGINE_NOT_RUNNING: 4,
  ENGINE_PERMISSION: 4,
  ENGINE_FAILED: 4,
  IMAGE_BASE_UNAVAILABLE: 4,
  IMAGE_BUILD_FAILED: 4,
  FETCH_FAILED: 4,
  BUILD_DISK_FULL: 4,
  BUILD_OUT_OF_MEMORY: 4,
  STORAGE_FAILED: 4,
  // 70: a bug of ours
  INTERNAL: 70,
  // 130: interrupted
  INTERRUPTED: 130,
} as const satisfies Record<string, ExitStatus>;

export type ErrorCode = keyof typeof errorCodes;
