/** A piece of work that is still to be done. */
export interface Work {
  id: string;
  /** How long it will take, from now on. Milliseconds. */
  milliseconds: number;
  /** What must have ended before it begins. */
  needs: readonly string[];
}

/**
 * How long it takes until all is done, if a new piece begins as soon as an old one ends, the longest
 * first of those that need not wait. What is needed and is not among these has ended.
 * @param running what is worked on now
 * @param slots how many pieces are worked on at once
 * @returns milliseconds
 */
export function remainingTime(
  running: readonly Work[],
  pending: readonly Work[],
  slots: number,
): number {
  const open = new Set([...running, ...pending].map(({ id }) => id));
  const dependents = new Map<string, Waiting[]>();
  const ready: Work[] = [];
  for (const work of pending) {
    const needs = work.needs.filter((id) => open.has(id));
    if (needs.length === 0) ready.push(work);
    const waiting = { work, missing: needs.length };
    for (const id of needs) dependents.set(id, [...(dependents.get(id) ?? []), waiting]);
  }
  ready.sort((a, b) => a.milliseconds - b.milliseconds);
  const active = running.map(({ id, milliseconds }) => ({ id, end: milliseconds }));
  for (let now = 0; ;) {
    while (active.length < Math.max(1, slots)) {
      const next = ready.pop();
      if (next === undefined) break;
      active.push({ id: next.id, end: now + next.milliseconds });
    }
    const first = takeFirst(active);
    if (first === undefined) return now;
    now = Math.max(now, first.end);
    for (const waiting of dependents.get(first.id) ?? []) {
      if (--waiting.missing === 0) insert(ready, waiting.work);
    }
  }
}

interface Waiting {
  work: Work;
  missing: number;
}

interface Active {
  id: string;
  end: number;
}

/** There are as many as CPUs: a heap would be no quicker. */
function takeFirst(active: Active[]): Active | undefined {
  let first = 0;
  for (let i = 1; i < active.length; i++) {
    if ((active[i]?.end ?? 0) < (active[first]?.end ?? 0)) first = i;
  }
  const taken = active[first];
  const last = active.pop();
  if (last !== undefined && last !== taken) active[first] = last;
  return taken;
}

/** Keeps what is sorted, the longest last, sorted. */
function insert(ready: Work[], work: Work): void {
  let [low, high] = [0, ready.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ready[middle]?.milliseconds ?? 0) < work.milliseconds) low = middle + 1;
    else high = middle;
  }
  ready.splice(low, 0, work);
}
