import { describe, expect, it } from 'vitest';
import { plainStyle, visibleStyle } from '../../test/support/styles.js';
import { explain, type Finding } from '../artifact/finding.js';
import type { KernelDifference } from '../workflow/compare-kernels.js';
import type { ModuleVerification } from '../workflow/verify.js';
import { formatVerification } from './verify-view.js';

const kernel = { release: '6.1.0-56-arm64', arch: 'arm64', kdir: '/kdir' };
const other = { ...kernel, release: '6.1.0-55-arm64' };

function verification(path: string, changes: Partial<ModuleVerification> = {}): ModuleVerification {
  return { path: `/m/${path}`, kernel, loads: 'yes', findings: [], taints: [], ...changes };
}

const undefinedSymbol = (symbol: string): Finding => ({
  code: 'SYMBOL_UNDEFINED',
  severity: 'error',
  message: `'${symbol}' is exported by nothing`,
  symbol,
});
const refused = (path: string, symbols: string[]) =>
  verification(path, {
    loads: 'no',
    findings: symbols.map((symbol) => explain(undefinedSymbol(symbol))),
  });

const show = (
  modules: ModuleVerification[],
  all = false,
  differences: KernelDifference[] = [],
  strict = false,
) => formatVerification({ modules, differences, strict }, plainStyle, all);

describe('formatVerification', () => {
  it('shows a module that loads, and counts it', () => {
    expect(show([verification('a.ko')])).toBe(
      '/m/a.ko loads on 6.1.0-56-arm64 (arm64)\n\n1 would load, 0 would be refused',
    );
  });

  it('shows what is wrong with its code, then why it matters and what to do', () => {
    const text = show([refused('a.ko', ['f'])]);
    const { explanation, remedy } = explain(undefinedSymbol('f'));
    expect(text.split('\n')).toEqual([
      '/m/a.ko is refused by 6.1.0-56-arm64 (arm64)',
      "  error   'f' is exported by nothing [SYMBOL_UNDEFINED]",
      '',
      'SYMBOL_UNDEFINED',
      `  ${explanation}`,
      `  do ${remedy}`,
      '',
      '0 would load, 1 would be refused',
    ]);
  });

  it('explains a code once for all modules', () => {
    const text = show([refused('a.ko', ['f']), refused('b.ko', ['g'])]);
    expect(text.split('Unknown symbol')).toHaveLength(2);
  });

  it('shows five findings of a code and counts the rest', () => {
    const text = show([refused('a.ko', ['a', 'b', 'c', 'd', 'e', 'f', 'g'])]);
    expect(text).toContain("'e' is exported");
    expect(text).not.toContain("'f' is exported");
    expect(text).toContain('and 2 more like it (--json has all)');
  });

  it('shows the worst first', () => {
    const finding = (code: Finding['code'], severity: Finding['severity']) =>
      explain({ code, severity, message: code.toLowerCase() });
    const findings = [
      finding('SIGNATURE_MISSING', 'note'),
      finding('NAME_MISMATCH', 'warning'),
      finding('NAME_MISSING', 'note'),
      finding('VERMAGIC_MISMATCH', 'error'),
    ];
    const lines = show([verification('a.ko', { loads: 'no', findings })]).split('\n');
    expect(lines.slice(1, 5).map((line) => /\[(\w+)\]$/.exec(line)?.[1])).toEqual([
      ...['VERMAGIC_MISMATCH', 'NAME_MISMATCH', 'SIGNATURE_MISSING', 'NAME_MISSING'],
    ]);
  });

  it('explains notes only where all is asked for', () => {
    const note = { code: 'NAME_MISSING', severity: 'note', message: 'no name' } as const;
    const { explanation } = explain(note);
    const modules = [verification('a.ko', { findings: [explain(note)] })];
    expect(show(modules)).toContain('no name [NAME_MISSING]');
    expect(show(modules)).not.toContain(explanation);
    expect(show(modules, true)).toContain(explanation);
  });

  it('names taint flags with their reasons', () => {
    const taints = [{ flag: 'O', reason: 'it is built out of tree' }];
    expect(show([verification('a.ko', { taints })])).toContain(
      '  taint   O: it is built out of tree',
    );
  });

  it('of many modules shows those of which there is something to say, or all', () => {
    const names = Array.from({ length: 30 }, (_, i) => `m${i}.ko`);
    const many = [...names.map((name) => verification(name)), refused('bad.ko', ['f'])];
    expect(show(many)).toContain('bad.ko');
    expect(show(many)).not.toContain('m7.ko');
    expect(show(many).split('\n').at(-1)).toBe('30 would load, 1 would be refused');
    expect(show(many, true)).toContain('m7.ko');
  });

  it('counts many modules with notes alone, and what the notes are', () => {
    const note = explain({ code: 'SIGNATURE_MISSING', severity: 'note', message: 'not signed' });
    const many = Array.from({ length: 30 }, (_, i) =>
      verification(`m${i}.ko`, { findings: [note] }),
    );
    const text = show([...many, refused('bad.ko', ['f'])]);
    expect(text).not.toContain('m7.ko');
    expect(text).toContain('\n30 more: SIGNATURE_MISSING (--verbose)\n');
    expect(show(many, true)).toContain('m7.ko');
  });

  it('says of strict use that it is not the kernel that refuses', () => {
    const text = show([refused('a.ko', ['f']), verification('b.ko')], false, [], true);
    expect(text).toContain('/m/a.ko does not pass --strict for 6.1.0-56-arm64');
    expect(text).toContain('/m/b.ko loads on');
    expect(text.split('\n').at(-1)).toBe('1 would load, 1 would not pass --strict');
  });

  it('counts what cannot be judged apart', () => {
    const text = show([verification('a.ko', { loads: 'unknown' }), verification('b.ko')]);
    expect(text).toContain('loads, as far as can be said, on');
    expect(text).toContain('1 would load, 1 not certain, 0 would be refused');
  });

  it('paints verdicts and severities', () => {
    const text = formatVerification(
      { modules: [refused('a.ko', ['f']), verification('b.ko')], differences: [], strict: false },
      visibleStyle,
      false,
    );
    expect(text).toContain('<red:is refused by>');
    expect(text).toContain('<green:loads on>');
    expect(text).toContain('<red:error  >');
  });

  it('lets no module write to the terminal', () => {
    const taints = [{ flag: 'P', reason: "its licence is '\x1b[2J'" }];
    const findings = [explain(undefinedSymbol('\x1b]0;x\x07'))];
    expect(show([verification('\x1b[31ma.ko', { taints, findings })])).not.toContain('\x1b');
  });

  describe('of differences', () => {
    const difference = (changes: Partial<KernelDifference>): KernelDifference => ({
      ...{ from: kernel, to: other, changed: [], vanished: [], modules: [] },
      ...changes,
    });

    it('says which symbols changed and vanished for each module', () => {
      const changed = ['a', 'b', 'c', 'd', 'e', 'f'];
      const modules: KernelDifference['modules'] = [
        { path: '/m/x.ko', loads: 'no', changed, vanished: ['v'], errors: [] },
        { path: '/m/y.ko', loads: 'yes', changed: [], vanished: [], errors: [] },
        { path: '/m/z.ko', loads: 'no', changed: [], vanished: [], errors: ['no CRCs', 'more'] },
      ];
      expect(show([], false, [difference({ changed, vanished: ['v', 'w'], modules })])).toBe(
        [
          '6.1.0-56-arm64 → 6.1.0-55-arm64 (arm64): 6 symbols changed, 2 symbols vanished',
          '  /m/x.ko is refused by 6.1.0-55-arm64: 6 symbols changed (a, b, c, d, e, …); 1 symbol vanished (v)',
          '  /m/y.ko loads on 6.1.0-55-arm64',
          '  /m/z.ko is refused by 6.1.0-55-arm64: no CRCs',
        ].join('\n'),
      );
    });
  });
});
