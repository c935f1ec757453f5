/** Whether a kernel release is of a version or a later one. */
export function isSince(release: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = release.split(/[.-]/, 2).map(Number);
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}
