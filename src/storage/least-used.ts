/** What can be removed to make room. */
export interface Removable {
  /** Bytes. */
  size: number;
  /** When it was last used. Milliseconds. */
  used: number;
}

/** Those that were used the longest ago, in the order in which they go. */
export function leastUsedFirst<T extends Removable>(things: readonly T[]): T[] {
  return things.toSorted((a, b) => a.used - b.used);
}

export const totalSize = (things: readonly Removable[]): number =>
  things.reduce((sum, { size }) => sum + size, 0);
