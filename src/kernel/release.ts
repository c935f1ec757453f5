/** Whether a kernel release is of a version or a later one. */
export function isSince(release: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = release.split(/[.-]/, 2).map(Number);
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}

/**
 * Orders kernel releases by age, as rpm orders versions (rpm-version(7)): numbers by their value and
 * after words, `~` before anything, `^` right after its base; what stands between only divides. Of
 * Debian's releases `sort -V` says the same; of 305.el8 and 305.10.el8_4 it does not.
 * Negative if a is older than b.
 */
export function compareReleases(a: string, b: string): number {
  const [left, right] = [segments(a), segments(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === '~' || y === '~') return x === '~' ? -1 : 1;
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    if (x === '^' || y === '^') return x === '^' ? -1 : 1;
    const difference = compareSegments(x, y);
    if (difference !== 0) return difference;
  }
  return 0;
}

const segments = (text: string): string[] => text.match(/\d+|[A-Za-z]+|[~^]/g) ?? [];

function compareSegments(x: string, y: string): number {
  const [xIsNumber, yIsNumber] = [/^\d/.test(x), /^\d/.test(y)];
  if (xIsNumber !== yIsNumber) return xIsNumber ? 1 : -1;
  if (!xIsNumber) return x < y ? -1 : 1;
  return compareNumbers(x, y);
}

/** Orders numbers in decimal digits, of any length. */
export function compareNumbers(x: string, y: string): number {
  const [m, n] = [x, y].map((digits) => digits.replace(/^0+/, '')) as [string, string];
  return m.length - n.length || (m === n ? 0 : m < n ? -1 : 1);
}
