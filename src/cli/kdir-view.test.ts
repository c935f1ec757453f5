import { describe, expect, it } from 'vitest';
import { kdirFinding } from '../kernel/findings.js';
import type { KdirReport } from '../workflow/inspect-kdir.js';
import { streamLike } from '../../test/support/styles.js';
import { formatCheck, formatInspection } from './kdir-view.js';
import { styleFor } from './style.js';

const plain = styleFor(process.stdout, { NO_COLOR: '1' });

const finding = (...args: Parameters<typeof kdirFinding>) => ({
  ...kdirFinding(...args),
  explanation: 'Because it is so.',
});

const report: KdirReport = {
  ref: '~/out',
  path: '/home/user/out',
  release: '6.1.0-56-arm64',
  arch: 'arm64',
  verdict: 'mended',
  toolchain: 'gcc-12',
  runs: 'do not run',
  findings: [
    finding('KDIR_HOST_TOOL_MACHINE', 'error', 'foreign', { mend: 'host-tools' }),
    finding('KDIR_BTF_PAHOLE', 'note', 'pahole'),
  ],
};

describe('formatCheck', () => {
  it('says of each finding what it is, what to do, and whether a build does it', () => {
    const { remedy } = report.findings[0]!;
    expect(formatCheck(report, plain).split('\n')).toEqual([
      "~/out 6.1.0-56-arm64 (arm64): modules can be built once it is mended, which 'build' does by itself",
      '  error   foreign [KDIR_HOST_TOOL_MACHINE]',
      `          do ${remedy}`,
      "          or nothing: 'build' makes host tools for this machine, in a layer over the KDIR",
      '  note    pahole [KDIR_BTF_PAHOLE]',
      `          do ${report.findings[1]!.remedy}`,
    ]);
  });

  it('is one line for a KDIR that nothing can be said against', () => {
    const healthy: KdirReport = { ...report, verdict: 'builds', findings: [] };
    expect(formatCheck(healthy, plain)).toBe(
      '~/out 6.1.0-56-arm64 (arm64): modules can be built (gcc-12)',
    );
  });

  it('lets nothing of a KDIR move the cursor', () => {
    const evil = '\x1b[2J\x1b]0;title\x07';
    const hostile: KdirReport = {
      ...report,
      ref: `a${evil}`,
      release: `b${evil}`,
      toolchain: evil,
      verdict: 'broken',
      findings: [finding('KDIR_LINK_DANGLES', 'warning', evil, { remedy: evil })],
    };
    expect(formatCheck(hostile, plain)).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
    expect(formatInspection(hostile, plain)).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
    expect(formatCheck(hostile, plain)).toContain('no module can be built');
  });
});

describe('formatInspection', () => {
  it('keeps the colour of its verdict on a terminal, and no control of a value', () => {
    const style = styleFor(streamLike(true), { TERM: 'xterm' });
    const lines = formatInspection({ ...report, release: '6.1\x1b[31m' }, style).split('\n');
    expect(lines).toContain('release     6.1');
    expect(lines.find((line) => line.startsWith('builds'))).toMatch(
      /^builds {6}\x1b\[33mmodules can be built once it is mended.*\x1b\[39m$/,
    );
  });

  it('tells the findings in short, and where to read more', () => {
    const lines = formatInspection(report, plain).split('\n');
    expect(lines[0]).toBe('KDIR        /home/user/out');
    expect(lines).toContain('  error   foreign [KDIR_HOST_TOOL_MACHINE]');
    expect(lines.at(-1)).toContain('kdir check');
    expect(lines.join('\n')).not.toContain(report.findings[0]!.remedy);
  });
});
