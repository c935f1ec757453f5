/** What the system says of a file that is gone, is none, or lies on a bad disk. */
const ofTheFile = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO']);

/**
 * Throws again what the system does not let us do: it says nothing of the bytes, and what may not be read
 * is not damaged.
 */
export function throwIfUnreadable(error: unknown): void {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined && code !== undefined && !ofTheFile.has(code)) throw error;
}
