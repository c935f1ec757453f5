import { describe, expect, it } from 'vitest';
import { dkmsCorpus } from '../support/dkms-corpus.js';
import { casesOf, outcomesOf, tested } from '../support/tested.js';

describe('twelve of Debian’s DKMS packages, in the kernel that they were built for', () => {
  it('load, as far as a machine without their hardware allows', async () => {
    const debs = await dkmsCorpus();
    const { manifest, exitCode, stderr } = await tested([
      ...[...debs.values(), '-k', 'debian:bookworm', '-a', 'x86_64'],
    ]);
    const cases = casesOf(manifest);
    const table = [...cases].map(([name, { verdict, reasons, ...one }]) => {
      const why = reasons.map(({ text }) => text).join('; ');
      return `| ${name.split(':')[0]} | ${verdict} | ${outcomesOf({ verdict, reasons, ...one }).join(', ')} | ${why} |`;
    });
    console.log(
      ['| package | verdict | modules | why |', '|---|---|---|---|', ...table].join('\n'),
    );
    expect(cases.size).toBe(12);
    const failed = [...cases].filter(([, { verdict }]) => verdict === 'failed');
    expect(failed.map(([name]) => name)).toEqual([
      'lime-forensics: load', // nothing without its parameter `path`
    ]);
    // gost_test asks by name for a cipher of its sibling, and for modes of the kernel's own.
    const gost = cases.get('gost-crypto: load')!;
    expect(outcomesOf(gost).filter((one) => !one.endsWith(' loaded'))).toEqual([]);
    const served = gost.requests.flatMap(({ loads }) => loads.map(({ module }) => module));
    expect(served).toEqual(expect.arrayContaining(['streebog_generic', 'ecb', 'cmac']));
    expect(gost.unloads.map(({ module }) => module).sort()).toEqual(
      gost.modules.map(({ module }) => module).sort(),
    );
    expect(outcomesOf(cases.get('bbswitch: load')!)).toEqual(['bbswitch no device ENODEV']);
    expect(outcomesOf(cases.get('lime-forensics: load')!)).toEqual(['lime refused EINVAL']);
    expect(exitCode, stderr).toBe(1);
  });
});
