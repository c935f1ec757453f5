import { describe, expect, it } from 'vitest';
import { parseKernelConfig } from './config.js';
import { neededTools, toolRecipes } from './needed-tools.js';

const always = ['scripts/basic/fixdep', 'scripts/mod/modpost'];
const more = (symbols: string[], ...there: string[]) =>
  neededTools(parseKernelConfig(symbols.map((symbol) => `CONFIG_${symbol}=y\n`).join('')), (path) =>
    there.includes(path),
  )
    .map(({ path }) => path)
    .filter((path) => !always.includes(path));

describe('the programs that Kbuild runs for modules', () => {
  it.each<[string[], string[]]>([
    [[], []],
    [['MODVERSIONS'], ['scripts/genksyms/genksyms']],
    [['MODVERSIONS', 'GENDWARFKSYMS'], ['scripts/gendwarfksyms/gendwarfksyms']],
    [['OBJTOOL'], ['tools/objtool/objtool']],
    [['STACK_VALIDATION'], ['tools/objtool/objtool']], // before 5.19
    [['FTRACE_MCOUNT_USE_RECORDMCOUNT'], []], // scripts/recordmcount.pl
    [['FTRACE_MCOUNT_USE_RECORDMCOUNT', 'HAVE_C_RECORDMCOUNT'], ['scripts/recordmcount']],
    [['DEBUG_INFO_BTF_MODULES'], []],
  ])('are, with %j, also %j', (symbols, programs) => {
    expect(more(symbols)).toEqual(programs);
  });

  it('are what the KDIR has where no symbol says so', () => {
    const [recordmcount, btfids] = [
      'scripts/recordmcount',
      'tools/bpf/resolve_btfids/resolve_btfids',
    ];
    const old = ['FTRACE_MCOUNT_RECORD', 'HAVE_C_RECORDMCOUNT'];
    expect(more(old, recordmcount)).toEqual([recordmcount]);
    expect(more(old)).toEqual([]);
    expect(more([...old, 'FTRACE_MCOUNT_USE_CC'], recordmcount)).toEqual([]);
    expect(more(['DEBUG_INFO_BTF_MODULES'], 'vmlinux')).toEqual([btfids]);
  });

  it('are made, but for sign-file, which no build runs', () => {
    expect(more(['MODULE_SIG'])).toEqual(['scripts/sign-file']);
    const config = parseKernelConfig('CONFIG_MODULE_SIG=y\n');
    expect(toolRecipes(config, () => false).map(({ path }) => path)).toEqual(always);
  });
});
