import type { Sample } from './measure.js';

/** What is wanted of a measurement. */
export type Goal =
  /** The most that may be added to the baseline, in its unit. */
  | { added: number }
  /** The most times as much as the baseline. */
  | { times: number }
  /** The least times as fast as the baseline. */
  | { faster: number }
  /** The largest part of the baseline: 0.03 is 3 %. */
  | { share: number }
  /** The most, whatever others take. */
  | { atMost: number }
  /** Nothing: it is measured so that it is known. */
  | 'shown';

/** Something measured, beside what a user would run without kbuild-ts where there is such a thing. */
export interface Row {
  what: string;
  against?: string;
  measured: Sample;
  baseline?: Sample;
  goal: Goal;
}

interface Verdict {
  result: string;
  goal: string;
  met: boolean;
}

const amount = (n: number, unit: Sample['unit']): string =>
  unit === 's' ? `${n.toFixed(3)} s` : `${Math.round(n)} ${unit}`;

const times = (n: number): string => `${n.toFixed(2)} ×`;

/** Rows with a goal that speaks of a baseline have one. */
function baselineOf({ what, baseline }: Row): number {
  if (baseline === undefined) throw new Error(`${what} has nothing that it is held against`);
  return baseline.median;
}

function judge(row: Row): Verdict {
  const { measured, baseline, goal } = row;
  const { median, unit } = measured;
  if (goal === 'shown') {
    const result = baseline === undefined ? '' : times(median / baseline.median);
    return { result, goal: 'shown', met: true };
  }
  if ('atMost' in goal) {
    const wanted = `≤ ${amount(goal.atMost, unit)}`;
    return { result: '', goal: wanted, met: median <= goal.atMost };
  }
  const other = baselineOf(row);
  if ('added' in goal) {
    const added = median - other;
    const result = `${added < 0 ? '' : '+'}${amount(added, unit)}`;
    return { result, goal: `≤ +${amount(goal.added, unit)}`, met: added <= goal.added };
  }
  if ('share' in goal) {
    const percent = (n: number) => `${(100 * n).toFixed(1)} %`;
    const share = median / other;
    return { result: percent(share), goal: `≤ ${percent(goal.share)}`, met: share <= goal.share };
  }
  if ('faster' in goal) {
    const faster = other / median;
    const result = `${faster.toFixed(2)} × as fast`;
    return { result, goal: `≥ ${goal.faster} × as fast`, met: faster >= goal.faster };
  }
  const result = median / other;
  return { result: times(result), goal: `≤ ${goal.times} ×`, met: result <= goal.times };
}

export const isMet = (row: Row): boolean => judge(row).met;

/** A table of Markdown. */
export function formatTable(
  header: readonly string[],
  lines: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...lines.map(line)].join('\n');
}

export function formatRows(rows: readonly Row[]): string {
  const header = ['what', 'against', 'it', 'baseline', 'result', 'goal', 'met'];
  const lines = rows.map((row) => {
    const { what, against = '', measured, baseline } = row;
    const { result, goal, met } = judge(row);
    const shown = (sample?: Sample) => (sample ? amount(sample.median, sample.unit) : '');
    const verdict = row.goal === 'shown' ? '' : met ? 'met' : 'MISSED';
    return [what, against, shown(measured), shown(baseline), result, goal, verdict];
  });
  return formatTable(header, lines);
}
