/** The most that setTimeout takes, about 25 days: beyond it, it would fire at once. Milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** Calls once so many milliseconds have passed; give the result to clearTimeout. */
export function startTimeLimit(milliseconds: number, onExceeded: () => void): NodeJS.Timeout {
  return setTimeout(onExceeded, Math.min(milliseconds, longestTimer));
}
