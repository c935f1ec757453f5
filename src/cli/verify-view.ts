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

/** With --strict it is not the kernel that refuses it. */
const notStrictly = ['red', 'does not pass --strict for'] as const;

const severities: Record<Severity, Parameters<Style['paint']>[0]> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
};

/**
 * The result of a verification for people. Of many modules, those of which there is nothing worse
 * than a note to say are counted, unless `all` are asked for.
 */
export function formatVerification(report: VerifyReport, style: Style, all: boolean): string {
  const { modules, differences, strict } = report;
  const shown =
    all || modules.length <= few ? modules : modules.filter((module) => isWorthShowing(module));
  const counted = modules.filter((module) => !shown.includes(module));
  // What a note means is told where all is asked for; its message says enough.
  const findings = shown
    .flatMap((module) => module.findings)
    .filter(({ severity }) => all || severity !== 'note');
  const notes = byCode(counted.flatMap((module) => module.findings)).map(
    ([first, ...others]) => `${others.length + 1} more: ${first?.code ?? ''} (--verbose)`,
  );
  return [
    ...shown.map((module) => formatModule(module, strict, style)),
    ...(findings.length > 0 ? [formatExplanations(findings, style)] : []),
    ...(notes.length > 0 ? [style.paint('dim', notes.join('\n'))] : []),
    ...differences.map((difference) => formatDifference(difference, style)),
    ...(modules.length > 0 ? [summary(report, style)] : []),
  ].join('\n\n');
}

/** So many modules are shown one by one, whatever there is to say. */
const few = 20;

const isWorthShowing = ({ findings }: ModuleVerification): boolean =>
  findings.some(({ severity }) => severity !== 'note');

function formatModule(module: ModuleVerification, strict: boolean, { paint }: Style): string {
  const { path, kernel, loads, findings, taints } = module;
  const [colour, words] = strict && loads === 'no' ? notStrictly : verdicts[loads];
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

function summary({ modules, strict }: VerifyReport, { paint }: Style): string {
  const count = (loads: ModuleVerification['loads']) =>
    modules.filter((module) => module.loads === loads).length;
  const refused = strict ? 'would not pass --strict' : 'would be refused';
  const parts = [
    paint('green', `${count('yes')} would load`),
    ...(count('unknown') > 0 ? [paint('yellow', `${count('unknown')} not certain`)] : []),
    paint(count('no') > 0 ? 'red' : 'dim', `${count('no')} ${refused}`),
  ];
  return parts.join(', ');
}
