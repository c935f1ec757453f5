import { describe, expect, it } from 'vitest';
import {
  inShort,
  moduleSections,
  subjectOf,
  targetOf,
  type SubjectChanges,
  type TargetChanges,
} from '../../test/support/verify-values.js';
import { verifyModule, type VerifySubject } from './verify-module.js';

type Changes = SubjectChanges & Partial<Pick<VerifySubject, 'compression' | 'signature'>>;

const signatureSubject = (verdict: VerifySubject['signature']['verdict']) => ({
  verdict,
  signer: 'Vendor',
  hasCertificates: false,
  followed: false,
});
const unsigned = signatureSubject({ status: 'unsigned' });

function verify(changes: Changes = {}, target: TargetChanges = {}, kmi?: ReadonlySet<string>) {
  const { compression = { format: 'none', needs: [] }, signature = unsigned, ...rest } = changes;
  const subject: VerifySubject = { ...subjectOf(rest), compression, signature };
  return verifyModule(subject, targetOf(target), kmi);
}

describe('verifyModule', () => {
  it('finds nothing where there is nothing', () => {
    expect(verify()).toEqual({ loads: 'yes', findings: [], taints: [] });
    expect(verify({}, { strict: true })).toEqual({ loads: 'yes', findings: [], taints: [] });
  });

  it('looks at every part of a module', () => {
    const { loads, findings } = verify(
      {
        file: 'n',
        modinfo: { license: ['MIT'], vermagic: ['6.1'], livepatch: ['Y'] },
        imports: [{ name: 'f', weak: false }],
        exports: [{ name: 'g', gplOnly: false, namespace: '' }],
        compression: { format: 'zstd', problem: 'its window is large', needs: [] },
      },
      { config: ['CONFIG_MODULE_SIG'], exports: [{ name: 'g' }] },
      new Set(),
    );
    expect(loads).toBe('no');
    expect([...new Set(findings.map(({ check }) => check))]).toEqual([
      'compression',
      'signature',
      'vermagic',
      'name',
      'features',
      'symbols',
      'kmi',
    ]);
  });

  it('explains what it finds, and says what to do', () => {
    const [found] = verify({ imports: [{ name: 'f', weak: false }] }).findings;
    expect(found).toMatchObject({ code: 'SYMBOL_UNDEFINED', check: 'symbols', symbol: 'f' });
    expect(found?.explanation).toContain('Unknown symbol');
    expect(found?.remedy).not.toBe('');
  });

  it('says nothing more of what is no module, or has no symbols', () => {
    const imports = [{ name: 'f', weak: false }];
    const target = { config: ['CONFIG_MODULE_SIG_FORCE', 'CONFIG_MODULE_SIG'] };
    const [structModule] = moduleSections;
    for (const [sections, code] of [
      [[], 'NOT_A_MODULE'],
      [[structModule!], 'SYMBOL_TABLE_MISSING'],
    ] as const) {
      const { loads, findings } = verify({ sections: [...sections], imports }, target);
      expect(loads).toBe('no');
      expect(inShort(findings)).toEqual([`error ${code}`]);
    }
  });

  it('says nothing more of a module for another machine', () => {
    const elf = { class: 64, endian: 'little', machine: 183, type: 1 } as const;
    const imports = [{ name: 'f', weak: false }];
    const { findings } = verify({ elf, imports }, { config: ['CONFIG_MODULE_SIG'] }, new Set());
    expect(inShort(findings)).toEqual(['error MACHINE_MISMATCH']);
  });

  it('keeps to a KMI symbol list only if there is one', () => {
    const target = { exports: [{ name: 'f', crc: 1 }] };
    const imports = [{ name: 'f', weak: false, crc: 1 }];
    expect(verify({ imports }, target).loads).toBe('yes');
    expect(verify({ imports }, target, new Set(['f'])).loads).toBe('yes');
    expect(verify({ imports }, target, new Set()).loads).toBe('no');
  });

  it('passes warnings, and takes them for errors in strict use', () => {
    const renamed = verify({ file: 'n' });
    expect(renamed.loads).toBe('yes');
    expect(inShort(renamed.findings)).toEqual(['warning NAME_MISMATCH']);
    const strict = verify({ file: 'n' }, { strict: true });
    expect(strict.loads).toBe('no');
    expect(inShort(strict.findings)).toEqual(['error NAME_MISMATCH']);
  });

  it('leaves notes what they are in strict use', () => {
    const { loads, findings } = verify({ modinfo: { name: undefined } }, { strict: true });
    expect(loads).toBe('yes');
    expect(inShort(findings)).toEqual(['note NAME_MISSING']);
  });

  it.each([
    ['a CRC', { imports: [{ name: 'f', weak: false }] }],
    [
      'an unverified signature',
      { signature: signatureSubject({ status: 'unknown-key', hash: 'sha256' }) },
    ],
    [
      'an unknown algorithm',
      { signature: signatureSubject({ status: 'unsupported', reason: 'ML-DSA' }) },
    ],
  ] as [string, Changes][])('does not know for want of %s', (_, changes) => {
    const target = { config: ['CONFIG_MODULE_SIG'], exports: [{ name: 'f', crc: 1 }] };
    expect(verify(changes, target).loads).toBe('unknown');
    expect(verify(changes, { ...target, strict: true }).loads).toBe('no');
    // What is refused is refused, whatever else is not known.
    expect(verify({ ...changes, moduleLayoutCrc: 9 }, target).loads).toBe('no');
  });

  it('names the taint flags of what loads alone', () => {
    const outside = { modinfo: { intree: undefined } };
    expect(verify(outside).taints.map(({ flag }) => flag)).toEqual(['O']);
    expect(verify({ ...outside, moduleLayoutCrc: 9 }).taints).toEqual([]);
  });
});
