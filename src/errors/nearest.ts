import { distance } from 'fastest-levenshtein';

/**
 * The known name that a mistyped one most likely meant, or undefined if none is near
 * (edit distance of more than two fifths of its length).
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length * 0.4)) + 1;
  for (const candidate of known) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** `Did you mean X?` where a near name exists, then what the known names are. */
export function suggestion(name: string, known: readonly string[], noun: string): string {
  const near = nearest(name, known);
  const list = known.length === 0 ? 'none' : known.join(', ');
  return `${near === undefined ? '' : `Did you mean '${near}'? `}Known ${noun}: ${list}.`;
}
