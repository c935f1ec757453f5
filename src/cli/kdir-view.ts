import type { KdirFinding } from '../kernel/findings.js';
import type { KdirReport } from '../workflow/inspect-kdir.js';
import { withoutControls, type Style } from './style.js';

const severities: Record<KdirFinding['severity'], Parameters<Style['paint']>[0]> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
};

/** What a KDIR is, and in short what was found in it. */
export function formatInspection(report: KdirReport, style: Style): string {
  const { kdir, toolchain, runs, findings } = report;
  const lines = Object.entries({
    KDIR: kdir?.path ?? report.path,
    release: report.release ?? 'unknown',
    arch: report.arch ?? 'unknown',
    ...(kdir && {
      compiler: kdir.compiler?.text ?? 'unknown',
      toolchain,
      vermagic: kdir.vermagic ?? 'cannot be computed (RANDSTRUCT)',
      MODVERSIONS: kdir.modversions ? 'yes' : 'no',
      signing: kdir.signing.enabled
        ? `${kdir.signing.force ? 'required' : 'known, not required'}, ${kdir.signing.hash ?? 'no hash configured'}`
        : 'not supported',
      compression: kdir.compression,
      symvers: `${kdir.symbols} symbols, ${kdir.symversPath}`,
      'host tools': `ELF machine ${kdir.hostTools.machine}, glibc ${kdir.hostTools.glibc ?? 'none (static)'}: ${runs}`,
      needs: kdir.mounts
        .map(({ source, target }) =>
          source === target ? target : `${target}\n${' '.repeat(15)}<- ${source}`,
        )
        .join(`\n${' '.repeat(12)}`),
    }),
  }).map(([name, value]) => `${name.padEnd(11)} ${plainLines(value)}`);
  lines.push(`${'builds'.padEnd(11)} ${verdictOf(report, style)}`);
  const short = findings.map((finding) => `  ${formatFinding(finding, style)}`);
  const more = findings.some(({ severity }) => severity !== 'note')
    ? [style.paint('dim', "  'kbuild-ts kdir check' says what to do.")]
    : [];
  return [...lines, ...short, ...more].join('\n');
}

/** What was found in a KDIR, each with what to do. */
export function formatCheck(report: KdirReport, style: Style): string {
  const { release, arch, findings } = report;
  const { paint } = style;
  const name = withoutControls(report.ref);
  const what = release === undefined ? '' : ` ${release}${arch === undefined ? '' : ` (${arch})`}`;
  const lines = findings.flatMap((finding) => {
    const mend = finding.mend === undefined ? [] : [`${' '.repeat(10)}${mendWords[finding.mend]}`];
    return [
      `  ${formatFinding(finding, style)}`,
      `${' '.repeat(10)}${paint('cyan', 'do')} ${withoutControls(finding.remedy)}`,
      ...mend,
    ];
  });
  return [
    `${paint('bold', name)}${withoutControls(what)}: ${verdictOf(report, style)}`,
    ...lines,
  ].join('\n');
}

const mendWords: Record<NonNullable<KdirFinding['mend']>, string> = {
  'host-tools': "or nothing: 'build' makes host tools for this machine, in a layer over the KDIR",
  prepare: "or nothing: 'build' prepares it, in a layer over the KDIR",
};

function formatFinding({ severity, message, code }: KdirFinding, { paint }: Style): string {
  const word = paint(severities[severity], severity.padEnd(7));
  return `${word} ${withoutControls(message)} ${paint('dim', `[${code}]`)}`;
}

function verdictOf({ verdict, toolchain }: KdirReport, { paint }: Style): string {
  switch (verdict) {
    case 'builds':
      return paint('green', `modules can be built (${withoutControls(toolchain)})`);
    case 'mended':
      return paint(
        'yellow',
        `modules can be built once it is mended, which 'build' does by itself`,
      );
    case 'broken':
      return paint('red', 'no module can be built');
  }
}

/** Values come from files of the KDIR; the line breaks are ours. */
const plainLines = (value: string): string => value.split('\n').map(withoutControls).join('\n');
