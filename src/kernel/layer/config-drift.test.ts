import { describe, expect, it } from 'vitest';
import { parseKernelConfig } from '../config.js';
import { configDrift } from './config-drift.js';

const drift = (before: string[], after: string[]) =>
  configDrift(parseKernelConfig(before.join('\n')), parseKernelConfig(after.join('\n')));

describe('what another configuration is', () => {
  it('is nothing for comments, order and symbols that are off', () => {
    const before = ['# Linux/x86 6.1', 'CONFIG_A=y', 'CONFIG_B="x y"'];
    const after = ['CONFIG_B="x y"', '# CONFIG_C is not set', 'CONFIG_A=y'];
    expect(drift(before, after)).toEqual({ kernel: [], tools: [] });
  });

  it('is another kernel for a symbol that came, went or changed', () => {
    expect(drift(['CONFIG_A=y', 'CONFIG_B=m'], ['CONFIG_B=y', 'CONFIG_C=1']).kernel).toEqual([
      'CONFIG_A: y, now not set',
      'CONFIG_B: m, now y',
      'CONFIG_C: not set, now 1',
    ]);
  });

  it.each([
    'CONFIG_CC_VERSION_TEXT',
    'CONFIG_GCC_VERSION',
    'CONFIG_CC_HAS_ASM_INLINE',
    'CONFIG_AS_HAS_LDAPR',
    'CONFIG_CC_CAN_LINK_STATIC',
    'CONFIG_TOOLS_SUPPORT_RELR',
    'CONFIG_PAHOLE_VERSION',
  ])('is one of tools for %s', (name) => {
    expect(drift([`${name}=1`], [])).toEqual({ kernel: [], tools: [`${name}: 1, now not set`] });
  });

  it.each([
    'CONFIG_CC_IS_GCC',
    'CONFIG_CC_OPTIMIZE_FOR_SIZE',
    'CONFIG_GCC_PLUGINS',
    'CONFIG_AS_IS_LLVM',
  ])('is another kernel for %s', (name) => {
    expect(drift([`${name}=y`], []).kernel).toHaveLength(1);
  });
});
