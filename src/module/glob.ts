/** What one character of a name must be; `any` stands for any number of characters. */
type Part = 'any' | ((character: string) => boolean);

/**
 * Whether a name matches a shell pattern as a whole: `*`, `?`, `[…]`, `[!…]`, and `\` before a
 * character that means itself (glob(7), without character classes). The time that it takes grows
 * with the product of both lengths, whatever the pattern.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  const characters = Array.from(name);
  const parts = partsOf(Array.from(pattern));
  let [at, part] = [0, 0];
  // Where to go on if what follows the last `*` does not match: it takes one more.
  let star: { at: number; part: number } | undefined;
  while (at < characters.length) {
    const wanted = parts[part];
    if (wanted === 'any') {
      star = { at, part: ++part };
    } else if (wanted?.(characters[at] ?? '') === true) {
      [at, part] = [at + 1, part + 1];
    } else {
      if (star === undefined) return false;
      [at, part] = [++star.at, star.part];
    }
  }
  return parts.slice(part).every((rest) => rest === 'any');
}

function partsOf(pattern: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] ?? '';
    const set = character === '[' ? setAt(pattern, i) : undefined;
    if (set !== undefined) {
      parts.push(set.matches);
      i = set.end;
    } else if (character === '*') {
      parts.push('any');
    } else if (character === '?') {
      parts.push(() => true);
    } else {
      const escaped = character === '\\' && i + 1 < pattern.length;
      const literal = escaped ? pattern[++i] : character;
      parts.push((one) => one === literal);
    }
  }
  return parts;
}

/** The set of characters that begins at a `[`; undefined if it never ends: then it is a `[`. */
function setAt(pattern: readonly string[], start: number) {
  const negated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const ranges: [string, string][] = [];
  let i = start + (negated ? 2 : 1);
  const take = (): string => {
    if (pattern[i] === '\\' && i + 1 < pattern.length) i++;
    return pattern[i++] ?? '';
  };
  do {
    const from = take();
    const isRange = pattern[i] === '-' && i + 1 < pattern.length && pattern[i + 1] !== ']';
    if (isRange) i++;
    ranges.push([from, isRange ? take() : from]);
  } while (i < pattern.length && pattern[i] !== ']');
  if (pattern[i] !== ']') return undefined;
  const matches = (one: string): boolean =>
    ranges.some(([from, to]) => from <= one && one <= to) !== negated;
  return { matches, end: i };
}
