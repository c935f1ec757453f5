/** The values in the order of a text of each, by code units: the same whatever the locale. */
export const sortedBy = <T>(values: readonly T[], textOf: (value: T) => string): T[] =>
  [...values].sort((a, b) => {
    const [one, other] = [textOf(a), textOf(b)];
    return one < other ? -1 : one > other ? 1 : 0;
  });
