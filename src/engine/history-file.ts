import { statSync } from 'node:fs';
import { readBounded } from '../storage/read-bounded.js';

/** What is remembered of a job's last builds. */
export interface Memory {
  /** How long a build takes. Milliseconds. */
  milliseconds: number;
  /** The most memory that it held; 0 if nobody measured it. Bytes. */
  memoryBytes: number;
  /** How many files a compiler may have been given. */
  files: number;
  /** Counts the runs that wrote the history: the one that needed this last. */
  used: number;
}

/** By project, then by target. */
export type Memories = Map<string, Map<string, Memory>>;

export interface History {
  /** How many runs have written it. No date: clocks jump. */
  runs: number;
  memories: Memories;
}

const schemaVersion = 1;

/** Far more than the entries that are kept. Bytes. */
const largest = 32 * 2 ** 20;

/** Reads a history. What is missing, damaged or of another version says nothing. */
export function readHistory(path: string): History {
  const history: History = { runs: 0, memories: new Map() };
  try {
    if (!statSync(path).isFile()) return history;
    const value: unknown = JSON.parse(readBounded(path, largest).toString());
    if (!isRecord(value) || value.schemaVersion !== schemaVersion) return history;
    const { runs, jobs } = value;
    if (!isCount(runs) || !isRecord(jobs)) return history;
    history.runs = runs;
    for (const [project, targets] of Object.entries(jobs)) {
      if (!isRecord(targets)) continue;
      const known = new Map<string, Memory>();
      for (const target of Object.keys(targets)) {
        const memory = parseMemory(targets[target]);
        if (memory !== undefined) known.set(target, memory);
      }
      if (known.size > 0) history.memories.set(project, known);
    }
  } catch {
    // As if it were not there: it only makes guesses better.
  }
  return history;
}

/** The text of a history that `readHistory` reads: arrays, since there may be many. */
export function formatHistory({ runs, memories }: History): string {
  const jobs = Object.fromEntries(
    [...memories].map(([project, targets]) => [
      project,
      Object.fromEntries([...targets].map(([target, memory]) => [target, formatMemory(memory)])),
    ]),
  );
  return `${JSON.stringify({ schemaVersion, runs, jobs })}\n`;
}

const formatMemory = ({ milliseconds, memoryBytes, files, used }: Memory): number[] => [
  Math.round(milliseconds),
  Math.round(memoryBytes),
  files,
  used,
];

function parseMemory(value: unknown): Memory | undefined {
  if (!Array.isArray(value)) return undefined;
  const [milliseconds, memoryBytes, files, used] = value as unknown[];
  return isCount(milliseconds) && isCount(memoryBytes) && isCount(files) && isCount(used)
    ? { milliseconds, memoryBytes, files, used }
    : undefined;
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Forgets what was not needed for longest, until so many are left. */
export function forgetOldest(memories: Memories, most: number): void {
  const all = [...memories].flatMap(([project, targets]) =>
    [...targets].map(([target, { used }]) => ({ project, target, used })),
  );
  if (all.length <= most) return;
  for (const { project, target } of all
    .sort((a, b) => a.used - b.used)
    .slice(0, all.length - most)) {
    const targets = memories.get(project);
    targets?.delete(target);
    if (targets?.size === 0) memories.delete(project);
  }
}
