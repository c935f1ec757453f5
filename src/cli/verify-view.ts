import type { ExplainedFinding, Severity } from '../artifact/finding.js';
import type { KernelDifference } from '../workflow/compare-kernels.js';
import type { ModuleVerification, VerifyReport } from '../workflow/verify.js';
import { displayPath } from './display-path.js';
import { withoutControls, type Style } from './style.js';

/** Findings of one code that are shown one by one; the rest are counted. */
const shownOfCode = 5;

const verdicts = {
  yes: ['green', 'loads on'],
  no: ['red', 'is refused by'],
  unknown: ['yellow', 'loads, as far as can be said, on'],
} as const;

const severities: Record<Severity, Parameters<Style['paint']>[0]> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
};

/**
 * The result of a verification for people. Modules of which there is nothing to say are counted,
 * unless `all` are asked for.
 */
export function formatVerification(report: VerifyReport, style: Style, all: boolean): string {
  const { modules, differences } = report;
  const few = modules.length <= 20;
  const worthShowing = modules.filter(
    ({ loads, findings }) => all || few || loads !== 'yes' || findings.length > 0,
  );
  // What a note means is told where all is asked for; its message says enough.
  const findings = worthShowing
    .flatMap((module) => module.findings)
    .filter(({ severity }) => all || severity !== 'note');
  return [
    ...worthShowing.map((module) => formatModule(module, style)),
    ...(findings.length > 0 ? [formatExplanations(findings, style)] : []),
    ...differences.map((difference) => formatDifference(difference, style)),
    ...(modules.length > 0 ? [summary(modules, style)] : []),
  ].join('\n\n');
}

function formatModule(module: ModuleVerification, { paint }: Style): string {
  const { path, kernel, loads, findings, taints } = module;
  const [colour, words] = verdicts[loads];
  const lines = [
    `${paint('bold', withoutControls(displayPath(path)))} ${paint(colour, words)} ${kernel.release} (${kernel.arch})`,
  ];
  for (const group of byCode(findings).sort((a, b) => rank(a) - rank(b))) {
    for (const { severity, message, code } of group.slice(0, shownOfCode)) {
      const word = paint(severities[severity], severity.padEnd(7));
      lines.push(`  ${word} ${withoutControls(message)} ${paint('dim', `[${code}]`)}`);
    }
    const more = group.length - shownOfCode;
    if (more > 0) lines.push(`          and ${more} more like it (--json has all)`);
  }
  for (const { flag, reason } of taints) {
    lines.push(`  ${paint('dim', 'taint')}   ${flag}: ${withoutControls(reason)}`);
  }
  return lines.join('\n');
}

/** What each code that was shown means, once for all modules. */
function formatExplanations(findings: readonly ExplainedFinding[], { paint }: Style): string {
  return byCode(findings)
    .flatMap(([first]) => first ?? [])
    .map(
      ({ code, explanation, remedy }) =>
        `${paint('dim', code)}\n  ${explanation}\n  ${paint('cyan', 'do')} ${remedy}`,
    )
    .join('\n');
}

const order: Severity[] = ['error', 'warning', 'note'];

/** The worst comes first. */
const rank = ([first]: readonly ExplainedFinding[]): number =>
  first === undefined ? order.length : order.indexOf(first.severity);

function byCode(findings: readonly ExplainedFinding[]): ExplainedFinding[][] {
  const groups = new Map<string, ExplainedFinding[]>();
  for (const finding of findings) {
    const group = groups.get(finding.code);
    if (group === undefined) groups.set(finding.code, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function formatDifference({ from, to, ...all }: KernelDifference, { paint }: Style): string {
  const count = (symbols: readonly string[], what: string) =>
    `${symbols.length} ${symbols.length === 1 ? 'symbol' : 'symbols'} ${what}`;
  const list = (symbols: readonly string[], what: string) => {
    const names = symbols.slice(0, shownOfCode).map(withoutControls).join(', ');
    const more = symbols.length > shownOfCode ? ', …' : '';
    return symbols.length === 0 ? [] : [`${count(symbols, what)} (${names}${more})`];
  };
  const lines = all.modules.map(({ path, loads, changed, vanished, errors }) => {
    const [colour, words] = verdicts[loads];
    const symbols = [...list(changed, 'changed'), ...list(vanished, 'vanished')];
    const why = symbols.length > 0 ? symbols : errors.slice(0, 1).map(withoutControls);
    const reasons = why.length === 0 ? '' : `: ${why.join('; ')}`;
    return `  ${withoutControls(displayPath(path))} ${paint(colour, words)} ${to.release}${reasons}`;
  });
  const title = paint('bold', `${from.release} → ${to.release} (${to.arch})`);
  return [
    `${title}: ${count(all.changed, 'changed')}, ${count(all.vanished, 'vanished')}`,
    ...lines,
  ].join('\n');
}

function summary(modules: readonly ModuleVerification[], { paint }: Style): string {
  const count = (loads: ModuleVerification['loads']) =>
    modules.filter((module) => module.loads === loads).length;
  const parts = [
    paint('green', `${count('yes')} would load`),
    ...(count('unknown') > 0
      ? [paint('yellow', `${count('unknown')} would, as far as can be said`)]
      : []),
    paint(count('no') > 0 ? 'red' : 'dim', `${count('no')} would be refused`),
  ];
  return parts.join(', ');
}
