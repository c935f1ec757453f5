import type { Timing } from './measure.js';

/** Something measured beside what a user would run without kbuild-ts. */
export interface Row {
  what: string;
  against: string;
  measured: Timing;
  baseline: Timing;
  /** The most that may be added, in seconds, or the most times as long that it may take. */
  goal: { added: number } | { times: number };
}

export function isMet({ measured, baseline, goal }: Row): boolean {
  return 'added' in goal
    ? measured.median - baseline.median <= goal.added
    : measured.median / baseline.median <= goal.times;
}

/** A table of Markdown. */
export function formatRows(rows: readonly Row[]): string {
  const header = '| what | against | it | baseline | | goal | |\n|---|---|---|---|---|---|---|';
  const seconds = (n: number) => `${n.toFixed(3)} s`;
  const lines = rows.map((row) => {
    const { what, against, measured, baseline, goal } = row;
    const [result, wanted] =
      'added' in goal
        ? [`+${seconds(measured.median - baseline.median)}`, `≤ +${seconds(goal.added)}`]
        : [`${(measured.median / baseline.median).toFixed(2)} ×`, `≤ ${goal.times} ×`];
    return `| ${what} | ${against} | ${seconds(measured.median)} | ${seconds(baseline.median)} | ${result} | ${wanted} | ${isMet(row) ? 'met' : 'MISSED'} |`;
  });
  return [header, ...lines].join('\n');
}
