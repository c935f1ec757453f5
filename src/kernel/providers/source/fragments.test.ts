import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { checkConfig, fragmentsOf } from './fragments.js';
import type { SourceDescription } from './description.js';

const description = (changes: Partial<SourceDescription>): SourceDescription => ({
  source: '/linux',
  config: { target: 'defconfig' },
  fragments: [],
  set: {},
  files: {},
  make: {},
  build: 'kernel',
  ...changes,
});

describe('fragmentsOf', () => {
  const directory = temporaryDirectory({
    first: 'CONFIG_A=y\r\n\r\n# a word\r\n# CONFIG_B is not set\r\nCONFIG_C="x"',
    bad: '# fine\nCONFIG_A=y\nCONFIG_B y\n',
    other: 'obj-m := x.o\n',
  });

  it('gives files with the ends of lines that Kconfig reads, then what is set', () => {
    const given = description({
      fragments: [`${directory}/first`],
      set: { CONFIG_D: 'n', CONFIG_E: '"y"' },
      localversion: '-x',
    });
    expect(fragmentsOf(given)).toEqual([
      {
        name: `${directory}/first`,
        text: 'CONFIG_A=y\n\n# a word\n# CONFIG_B is not set\nCONFIG_C="x"\n',
      },
      { name: 'set', text: '# CONFIG_D is not set\nCONFIG_E="y"\nCONFIG_LOCALVERSION="-x"\n' },
    ]);
    expect(fragmentsOf(description({}))).toEqual([]);
  });

  it.each([
    ['bad', 3, 'CONFIG_B y'],
    ['other', 1, 'obj-m := x.o'],
  ])('refuses a line that is none of a configuration: %s', async (name, line, text) => {
    const given = description({ fragments: [`${directory}/${name}`] });
    const error = await kbuildErrorOf(() => fragmentsOf(given));
    expect(error.code).toBe('KERNEL_SOURCE_INVALID');
    expect(error.message).toContain(`${directory}/${name}:${line}: '${text}'`);
  });
});

describe('checkConfig', () => {
  const config = [
    'CONFIG_YES=y\nCONFIG_MODULE=m\nCONFIG_TEXT="a b"\nCONFIG_NUMBER=5\nCONFIG_HEX=0xAb',
    '# CONFIG_OFF is not set\nCONFIG_EMPTY=""\n',
  ].join('\n');
  const check = (...texts: string[]) => {
    const fragments = texts.map((text, i) => ({ name: `f${i}`, text }));
    checkConfig(fragments, config, 'linux-6.1');
  };

  it.each([
    'CONFIG_YES=y\nCONFIG_MODULE=m\nCONFIG_TEXT="a b"\nCONFIG_NUMBER=5\n',
    'CONFIG_HEX=0xaB\n',
    '# CONFIG_OFF is not set\n# CONFIG_UNKNOWN is not set\nCONFIG_OFF=n\n',
    'CONFIG_EMPTY=""\nCONFIG_ABSENT=""\n',
    'CONFIG_YES=m\nCONFIG_YES=y\n',
    '# CONFIG_COMMENT=y\n',
  ])('takes what took effect: %j', (text) => {
    expect(() => {
      check(text);
    }).not.toThrow();
  });

  it.each([
    ['CONFIG_YES=m\n', 'CONFIG_YES: wanted m, is y'],
    ['CONFIG_MODULE=y\n', 'CONFIG_MODULE: wanted y, is m'],
    ['# CONFIG_YES is not set\n', 'CONFIG_YES: wanted n, is y'],
    ['CONFIG_OFF=y\n', 'CONFIG_OFF: wanted y, is n'],
    ['CONFIG_UNKNOWN=y\n', 'CONFIG_UNKNOWN: wanted y, is not set'],
    ['CONFIG_TEXT="a"\n', 'CONFIG_TEXT: wanted "a", is "a b"'],
    ['CONFIG_NUMBER=6\n', 'CONFIG_NUMBER: wanted 6, is 5'],
  ])('refuses what did not: %j', async (text, message) => {
    const error = await kbuildErrorOf(() => {
      check(text);
    });
    expect(error.code).toBe('KERNEL_SOURCE_CONFIG');
    expect(error.message).toContain(`${message} (f0)`);
  });

  it('lets the last fragment have its way, and names each symbol with where it is asked for', async () => {
    check('CONFIG_YES=m\n', 'CONFIG_YES=y\n');
    const error = await kbuildErrorOf(() => {
      check('CONFIG_YES=y\nCONFIG_A=y\n', 'CONFIG_YES=m\n');
    });
    expect(error.message).toContain('these symbols did not take effect');
    expect(error.message).toContain('CONFIG_YES: wanted m, is y (f1)');
    expect(error.message).toContain('CONFIG_A: wanted y, is not set (f0)');
  });

  it('takes whole configurations as fragments, and a string that is empty as one that is not set', () => {
    const lines = (value: string) =>
      Array.from({ length: 11_000 }, (_, i) => `CONFIG_SYMBOL_${i}=${value}\n`).join('');
    const fragments = ['m', 'y', '""'].map((value) => ({ name: value, text: lines(value) }));
    const start = performance.now();
    checkConfig(fragments.slice(0, 2), lines('y'), 'linux-6.1');
    checkConfig(fragments, '', 'linux-6.1');
    expect(performance.now() - start).toBeLessThan(3000); // a line at a time, not all for each
  });
});
