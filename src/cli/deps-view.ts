import type { DepsReport, MissingSymbol } from '../workflow/deps.js';
import { withoutControls, type Style } from './style.js';

/** Problems of one kind that are shown one by one; the rest are counted. */
const shown = 10;

/** Dependencies for people: a line for each module, then what is wrong. */
export function formatDependencies(report: DepsReport, style: Style, all: boolean): string {
  const { paint } = style;
  const order = report.loadOrder ?? report.modules.map(({ name }) => name);
  const byName = new Map(report.modules.map((module) => [module.name, module]));
  // Of a whole kernel, those that stand alone are many and say nothing.
  const many = report.modules.length > 50 && !all;
  const needed = new Set(report.modules.flatMap(({ needs }) => needs));
  const rows = order.flatMap((name) => {
    const needs = byName.get(name)?.needs ?? [];
    if (many && needs.length === 0 && !needed.has(name)) return [];
    const text = needs.length === 0 ? '' : ` ${paint('dim', 'needs')} ${needs.join(', ')}`;
    return [`${paint('bold', withoutControls(name))}${withoutControls(text)}`];
  });
  const alone = order.length - rows.length;
  return [
    paint('dim', report.loadOrder === undefined ? 'modules' : 'in the order in which they load'),
    ...rows,
    ...(alone > 0 ? [`${alone} more need nothing and are needed by nothing (--verbose)`] : []),
    ...report.cycles.map(
      (cycle) =>
        `${paint('red', 'cycle')} ${withoutControls([...cycle, cycle[0]].join(' -> '))}: none of them can be loaded`,
    ),
    ...limited(
      report.duplicates.map(
        ({ symbol, modules }) =>
          `${paint('yellow', 'duplicate')} ${withoutControls(`${symbol} is exported by ${modules.join(', ')}`)}`,
      ),
    ),
    ...limited(report.missing.map((missing) => formatMissing(missing, style))),
  ].join('\n');
}

function formatMissing({ module, symbol, problem, provider }: MissingSymbol, { paint }: Style) {
  const what =
    problem === 'crc'
      ? `${symbol} with another CRC than ${provider ?? 'the kernel'} exports`
      : `${symbol}, which ${provider === undefined ? 'nothing exports' : `${provider} exports: a module of the kernel that was not given`}`;
  return `${paint('red', 'missing')} ${withoutControls(`${module} uses ${what}`)}`;
}

function limited(lines: readonly string[]): string[] {
  const more = lines.length - shown;
  return more > 0
    ? [...lines.slice(0, shown), `and ${more} more like these (--json has all)`]
    : [...lines];
}
