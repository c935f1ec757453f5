import { describe, expect, it } from 'vitest';
import { archByName } from '../arch/arch.js';
import { readModule } from '../module/read-module.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { parseKernelConfig } from './config.js';
import { expectedVermagic } from './vermagic.js';

/** The vermagic for a kernel of which these symbols are set. */
const vermagic = (arch: string, ...symbols: string[]) =>
  expectedVermagic(
    '6.1.0',
    parseKernelConfig(symbols.map((symbol) => `CONFIG_${symbol}=y`).join('\n')),
    archByName(arch),
  );

describe('expectedVermagic', () => {
  it('is that of real modules for the kernels of Debian 12, to the last blank', () => {
    const config = (preempt: string) =>
      parseKernelConfig(`CONFIG_SMP=y\nCONFIG_MODULE_UNLOAD=y\nCONFIG_MODVERSIONS=y\n${preempt}`);
    const of = (fixture: 'consumer-arm64' | 'exporter-x86_64') =>
      readModule(fixtureModule(fixture)).modinfo.vermagic;
    expect(of('consumer-arm64')).toEqual([
      expectedVermagic(
        '6.1.0-56-arm64',
        config('# CONFIG_PREEMPT_BUILD is not set'),
        archByName('arm64'),
      ),
    ]);
    expect(of('exporter-x86_64')).toEqual([
      expectedVermagic(
        '6.1.0-56-amd64',
        config('CONFIG_PREEMPT_BUILD=y\nCONFIG_PREEMPT_DYNAMIC=y'),
        archByName('x86_64'),
      ),
    ]);
  });

  it.each([
    [[], '6.1.0 aarch64'],
    [['SMP'], '6.1.0 SMP aarch64'],
    [['MODULE_UNLOAD'], '6.1.0 mod_unload aarch64'],
    [['MODVERSIONS'], '6.1.0 modversions aarch64'],
    [['PREEMPT_BUILD'], '6.1.0 preempt aarch64'],
    [['PREEMPT', 'PREEMPT_BUILD'], '6.1.0 preempt aarch64'],
    [['PREEMPT_DYNAMIC', 'PREEMPT_BUILD', 'PREEMPT_VOLUNTARY'], '6.1.0 preempt aarch64'],
    [['PREEMPT_RT'], '6.1.0 preempt_rt aarch64'],
    [['PREEMPT_VOLUNTARY'], '6.1.0 aarch64'],
    [
      ['MODVERSIONS', 'MODULE_UNLOAD', 'PREEMPT_RT', 'SMP'],
      '6.1.0 SMP preempt_rt mod_unload modversions aarch64',
    ],
  ])('says %j as %j on arm64', (symbols, expected) => {
    expect(vermagic('arm64', ...symbols)).toBe(expected);
  });

  it('says preempt for a kernel before 5.13, which has no PREEMPT_BUILD', () => {
    expect(vermagic('arm64', 'PREEMPT')).toBe('6.1.0 preempt aarch64');
  });

  it('ends with a blank where the architecture has no word', () => {
    expect(vermagic('x86_64', 'SMP', 'MODULE_UNLOAD')).toBe('6.1.0 SMP mod_unload ');
    expect(vermagic('x86_64')).toBe('6.1.0 ');
  });

  it.each(['RANDSTRUCT', 'GCC_PLUGIN_RANDSTRUCT'])(
    'is unknown where %s puts a hash into it',
    (symbol) => {
      expect(vermagic('arm64', 'SMP', symbol)).toBeUndefined();
    },
  );
});
