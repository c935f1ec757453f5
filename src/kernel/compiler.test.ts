import { describe, expect, it } from 'vitest';
import { kernelCompiler } from './compiler.js';
import { parseKernelConfig } from './config.js';

const compilerOf = (text: string) => kernelCompiler(parseKernelConfig(text));

describe('kernelCompiler', () => {
  it('is GCC where its version is not 0', () => {
    expect(
      compilerOf(`CONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"
CONFIG_CC_IS_GCC=y
CONFIG_GCC_VERSION=120200
CONFIG_CLANG_VERSION=0`),
    ).toEqual({ family: 'gcc', major: 12, text: 'gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0' });
  });

  it('is Clang where its version is not 0', () => {
    expect(
      compilerOf(`CONFIG_CC_VERSION_TEXT="Debian clang version 14.0.6"
CONFIG_GCC_VERSION=0
CONFIG_CC_IS_CLANG=y
CONFIG_CLANG_VERSION=140006`),
    ).toEqual({ family: 'clang', major: 14, text: 'Debian clang version 14.0.6' });
  });

  it('has a version of one digit, too', () => {
    expect(compilerOf('CONFIG_GCC_VERSION=80300')).toEqual({ family: 'gcc', major: 8, text: '' });
  });

  it('is unknown for a kernel that does not record it', () => {
    expect(compilerOf('CONFIG_ARM64=y')).toBeUndefined();
    expect(compilerOf('CONFIG_GCC_VERSION=0\nCONFIG_CLANG_VERSION=0')).toBeUndefined();
  });
});
