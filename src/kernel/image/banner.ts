/** What the kernel says first of itself (init/version.c, linux_banner). */
export interface Banner {
  /** `Linux version 6.1.0-56-arm64 (debian-kernel@…) (gcc-12 …) #1 SMP …`, without its newline. */
  banner: string;
  /** The kernel release: `6.1.0-56-arm64`. */
  release: string;
}

/** The banner in an uncompressed kernel, or undefined if there is none. */
export function findBanner(kernel: Buffer): Banner | undefined {
  const start = 'Linux version ';
  for (let at = 0; (at = kernel.indexOf(start, at, 'latin1')) !== -1; at += start.length) {
    // Cheap for a file that is full of beginnings.
    const digit = (kernel[at + start.length] ?? 0) - 0x30;
    if (!(digit >= 0 && digit <= 9)) continue;
    // Compilers' names in it are long; 1,024 bytes is more than any banner has.
    const text = kernel.toString('utf8', at, at + 1024);
    const [, banner, release] = /^(Linux version (\d[\w.+~-]*) \([^\n\0]*)[\n\0]/.exec(text) ?? [];
    if (banner !== undefined && release !== undefined) return { banner, release };
  }
  return undefined;
}
