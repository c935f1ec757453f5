import { describe, expect, it } from 'vitest';
import { versionIn } from './version.js';

describe('versionIn', () => {
  it.each([
    ['# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\nNAME = x\n', '6.1'],
    ['VERSION=7\nPATCHLEVEL\t=\t2 \n', '7.2'],
    ['VERSION = 6\n', undefined],
    ['MY_VERSION = 6\nPATCHLEVEL = 1\n', undefined],
    ['VERSION = $(shell id)\nPATCHLEVEL = 1\n', undefined],
    ['', undefined],
  ])('reads a Makefile: %j', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });
});
