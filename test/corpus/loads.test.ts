import { describe, expect, it } from 'vitest';
import { dkmsCorpus } from '../support/dkms-corpus.js';
import { casesOf, outcomesOf, tested } from '../support/tested.js';

describe('twelve of Debian’s DKMS packages, in the kernel that they were built for', () => {
  it('load, as far as a machine without their hardware and without modprobe allows', async () => {
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
      'gost-crypto: load', // gost_test asks for a cipher of its sibling by name, and no guest has modprobe for that
      'lime-forensics: load', // nothing without its parameter `path`
    ]);
    expect(outcomesOf(cases.get('bbswitch: load')!)).toEqual(['bbswitch no device ENODEV']);
    expect(outcomesOf(cases.get('lime-forensics: load')!)).toEqual(['lime refused EINVAL']);
    expect(exitCode, stderr).toBe(1);
  });
});
