import { describe, expect, it } from 'vitest';
import { isSet, parseKernelConfig } from './config.js';

const config = parseKernelConfig(`#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.1.192 Kernel Configuration
#
CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"
CONFIG_GCC_VERSION=120200
CONFIG_MODULES=y
CONFIG_USB=m
# CONFIG_PREEMPT is not set
CONFIG_PHYSICAL_START=0x1000000
CONFIG_LOCALVERSION=""
CONFIG_CMDLINE="say=\\"hello \\\\ world\\" # no comment"
  CONFIG_INDENTED=y
CONFIG_NOT_EVEN
# CONFIG_COMMENTED=y
CONFIG_LAST=y`);

describe('parseKernelConfig', () => {
  it('reads booleans, numbers, and strings without their quotes', () => {
    expect(config.get('CONFIG_MODULES')).toBe('y');
    expect(config.get('CONFIG_USB')).toBe('m');
    expect(config.get('CONFIG_GCC_VERSION')).toBe('120200');
    expect(config.get('CONFIG_PHYSICAL_START')).toBe('0x1000000');
    expect(config.get('CONFIG_CC_VERSION_TEXT')).toBe('gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0');
    expect(config.get('CONFIG_LOCALVERSION')).toBe('');
  });

  it('undoes the escapes of kconfig', () => {
    expect(config.get('CONFIG_CMDLINE')).toBe('say="hello \\ world" # no comment');
  });

  it('leaves out what is not set, what is commented out and what is no line of kconfig', () => {
    expect([...config.keys()]).toEqual([
      'CONFIG_CC_VERSION_TEXT',
      'CONFIG_GCC_VERSION',
      'CONFIG_MODULES',
      'CONFIG_USB',
      'CONFIG_PHYSICAL_START',
      'CONFIG_LOCALVERSION',
      'CONFIG_CMDLINE',
      'CONFIG_LAST',
    ]);
  });

  it('takes the last of several lines for one symbol, as kconfig does', () => {
    expect(parseKernelConfig('CONFIG_A=y\nCONFIG_A=m\n').get('CONFIG_A')).toBe('m');
  });

  it('finds nothing in an empty file', () => {
    expect(parseKernelConfig('').size).toBe(0);
  });
});

describe('isSet', () => {
  it('is true for y alone', () => {
    expect(isSet(config, 'CONFIG_MODULES')).toBe(true);
    expect(isSet(config, 'CONFIG_USB')).toBe(false);
    expect(isSet(config, 'CONFIG_PREEMPT')).toBe(false);
  });
});
