import { describe, expect, it } from 'vitest';
import { inShort, subjectOf, targetOf } from '../../../test/support/verify-values.js';
import { checkKmi, parseKmiSymbolList } from './kmi.js';

describe('parseKmiSymbolList', () => {
  it('reads symbols below titles, without comments, blanks and lines of either ending', () => {
    const text =
      '# commonly used symbols\r\n[abi_symbol_list]\r\n  kfree\r\n\n\tkmalloc # slab\n\n# end\n';
    expect(parseKmiSymbolList(text)).toEqual(new Set(['kfree', 'kmalloc']));
  });

  it('takes a list without a title, and titles of any name', () => {
    const text = 'a\n[abi_whitelist]\nb\n[abi_symbol_list]\nc';
    expect(parseKmiSymbolList(text)).toEqual(new Set(['a', 'b', 'c']));
    expect(parseKmiSymbolList('')).toEqual(new Set());
  });
});

describe('the check of a KMI symbol list', () => {
  const imports = ['listed', 'sibling', 'other'].map((name) => ({ name, weak: false }));
  const target = targetOf({ siblings: [{ name: 'sibling', module: 'base' }] });

  it('finds what is neither listed nor a sibling’s', () => {
    const found = checkKmi(subjectOf({ imports }), target, new Set(['listed']));
    expect(inShort(found)).toEqual(['error KMI_SYMBOL_NOT_LISTED other']);
  });

  it('finds nothing if all is', () => {
    expect(checkKmi(subjectOf({ imports }), target, new Set(['listed', 'other']))).toEqual([]);
  });
});
