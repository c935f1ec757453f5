import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.js';

describe('parseSize', () => {
  it.each([
    ['512', 512],
    ['1k', 1024],
    ['1K', 1024],
    ['512m', 512 * 2 ** 20],
    ['4g', 4 * 2 ** 30],
    ['1.5g', 1.5 * 2 ** 30],
    ['2gb', 2 * 2 ** 30],
    ['2GiB', 2 * 2 ** 30],
    ['10MB', 10 * 2 ** 20],
    ['1.0005k', 1024],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text, 'memory')).toBe(bytes);
  });

  it.each([
    '',
    '0',
    '0g',
    '0.4',
    '0.0001k',
    '-1g',
    'g',
    '4t',
    '4 g',
    '4gg',
    '1e3',
    '0x10',
    '1.g',
    '.5g',
    'many',
    '4g;',
  ])('refuses %j, naming the option', async (text) => {
    const error = await kbuildErrorOf(() => parseSize(text, 'memory'));
    expect(error.code).toBe('USAGE');
    expect(error.message).toBe(`--memory ${text}: not a size`);
    expect(error.hint).toContain('512m');
  });
});

describe('parseDuration', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['1.5m', 90_000],
    ['0.5s', 500],
    ['3S', 3000],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text, 'timeout')).toBe(milliseconds);
  });

  it.each(['', '0', '0m', '-1s', '10ms', '10 m', '1w', 'm', '1h30m', 'soon'])(
    'refuses %j, naming the option',
    async (text) => {
      const error = await kbuildErrorOf(() => parseDuration(text, 'timeout'));
      expect(error.code).toBe('USAGE');
      expect(error.message).toBe(`--timeout ${text}: not a duration`);
      expect(error.hint).toContain('10m');
    },
  );
});

describe('formatSize', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [4300, '4.2 KiB'],
    [99.96 * 1024, '100 KiB'],
    [150 * 1024, '150 KiB'],
    [1023.7 * 1024, '1.0 MiB'],
    [2 ** 20, '1.0 MiB'],
    [2 ** 30 * 2.5, '2.5 GiB'],
    [2 ** 40, '1024 GiB'],
  ])('shows %i bytes as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0.00 s'],
    [4, '0.00 s'],
    [1234, '1.23 s'],
    [9996, '10.0 s'],
    [12_345, '12.3 s'],
    [59_900, '59.9 s'],
    [59_960, '1 min 0 s'],
    [119_700, '2 min 0 s'],
    [60_000, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_600_000, '60 min 0 s'],
  ])('shows %i milliseconds as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});
