import { describe, expect, it } from 'vitest';
import type { Export } from '../../../test/support/symvers.js';
import {
  inShort,
  subjectOf,
  targetOf,
  type SubjectChanges,
  type TargetChanges,
} from '../../../test/support/verify-values.js';
import { checkExports, checkImports } from './symbols.js';

const imports = (target: TargetChanges = {}, subject: SubjectChanges = {}) =>
  checkImports(subjectOf(subject), targetOf(target));

const f = { name: 'f', weak: false, crc: 1 };
const noVersions = { form: 'none', classic: false } as const;

describe('the check of imports', () => {
  it('finds nothing if all is exported at the same CRC', () => {
    expect(imports({ exports: [{ name: 'f', crc: 1 }] }, { imports: [f] })).toEqual([]);
    expect(imports()).toEqual([]);
  });

  it('finds each symbol that nothing exports, but for weak ones', () => {
    const wanted = [f, { ...f, name: 'g' }, { ...f, name: 'h', weak: true }];
    const found = imports({ exports: [{ name: 'f', crc: 1 }] }, { imports: wanted });
    expect(inShort(found)).toEqual(['error SYMBOL_UNDEFINED g']);
  });

  it('finds another CRC, of weak symbols too, and shows both', () => {
    const target = { exports: [{ name: 'f', crc: 0xabcdef01, module: 'drivers/x/base' }] };
    for (const weak of [false, true]) {
      const found = imports(target, { imports: [{ ...f, weak }] });
      expect(inShort(found)).toEqual(['error SYMBOL_CRC_MISMATCH f']);
      expect(found[0]?.message).toBe("'f' has CRC 0x00000001, drivers/x/base exports 0xabcdef01");
    }
  });

  it('warns of a symbol without a CRC', () => {
    const subject = { imports: [{ name: 'f', weak: false }] };
    expect(inShort(imports({ exports: [{ name: 'f', crc: 1 }] }, subject))).toEqual([
      'warning SYMBOL_CRC_MISSING f',
    ]);
  });

  it('looks for no CRCs where the kernel has none', () => {
    const kdir = { modversions: false };
    const target = { kdir, exports: [{ name: 'f', crc: 2 }] };
    expect(imports(target, { imports: [f], versions: noVersions })).toEqual([]);
    expect(imports(target, { imports: [f], moduleLayoutCrc: 99 })).toEqual([]);
  });

  it('says once that a module has no CRCs, which a kernel may force', () => {
    const subject = { imports: [{ name: 'f', weak: false }], versions: noVersions };
    const exports = [{ name: 'f', crc: 1 }];
    expect(inShort(imports({ exports }, subject))).toEqual(['error VERSIONS_MISSING']);
    const config = ['CONFIG_MODULE_FORCE_LOAD'];
    expect(inShort(imports({ exports, config }, subject))).toEqual(['warning VERSIONS_MISSING']);
  });

  it('finds another struct module', () => {
    const found = imports({}, { moduleLayoutCrc: 0xff });
    expect(inShort(found)).toEqual(['error LAYOUT_MISMATCH']);
    expect(found[0]?.message).toContain('CRC 0x000000ff');
    expect(found[0]?.message).toContain('0x1a2b3c4d');
  });

  describe('that a sibling exports', () => {
    const siblings = [{ name: 'f', crc: 1, module: 'base' }];

    it('needs no kernel that does', () => {
      expect(imports({ siblings }, { imports: [f] })).toEqual([]);
    });

    it('goes before the kernel', () => {
      expect(imports({ siblings, exports: [{ name: 'f', crc: 2 }] }, { imports: [f] })).toEqual([]);
      const other = [{ name: 'f', crc: 2, module: 'base' }];
      const found = imports({ siblings: other, exports: siblings }, { imports: [f] });
      expect(found[0]?.message).toContain('base exports 0x00000002');
    });
  });

  describe('of GPL-only symbols', () => {
    const exports: Export[] = [{ name: 'f', crc: 1, type: 'EXPORT_SYMBOL_GPL' }];
    const under = (license: string[] | undefined) =>
      imports({ exports }, { imports: [f], modinfo: { license } });

    it.each([
      'GPL',
      'GPL v2',
      'GPL and additional rights',
      'Dual BSD/GPL',
      'Dual MIT/GPL',
      'Dual MPL/GPL',
    ])('takes the licence %s', (license) => {
      expect(under([license])).toEqual([]);
    });

    it.each(['Proprietary', 'MIT', 'gpl', 'GPL v3', ''])('refuses the licence %j', (license) => {
      const found = under([license]);
      expect(inShort(found)).toEqual(['error SYMBOL_GPL_ONLY f']);
      expect(found[0]?.message).toContain(`the licence is '${license}'`);
    });

    it('refuses a module without a licence', () => {
      expect(inShort(under(undefined))).toEqual(['error SYMBOL_GPL_ONLY f']);
    });

    it('lets anyone have the others', () => {
      const free = { exports: [{ name: 'f', crc: 1 }] };
      expect(imports(free, { imports: [f], modinfo: { license: ['MIT'] } })).toEqual([]);
    });
  });

  describe('of symbols in a namespace', () => {
    const allowing = ['CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS'];
    const from = (
      namespace: string,
      modinfo: SubjectChanges['modinfo'] = {},
      config: string[] = [],
    ) =>
      inShort(
        imports({ exports: [{ name: 'f', crc: 1, namespace }], config }, { imports: [f], modinfo }),
      );

    it('wants it imported, by its whole name', () => {
      expect(from('USB', { import_ns: ['DMA_BUF', 'USB'] })).toEqual([]);
      for (const import_ns of [undefined, ['US'], ['USB_STORAGE'], ['usb']]) {
        expect(from('USB', { import_ns })).toEqual(['error NAMESPACE_NOT_IMPORTED f']);
      }
    });

    it('only warns where the kernel does', () => {
      expect(from('USB', {}, allowing)).toEqual(['warning NAMESPACE_NOT_IMPORTED f']);
    });

    it.each([
      ['module:m', []],
      ['module:a,m', []],
      ['module:m*', []],
      ['module:*', []],
      ['module:my-m', ['error NAMESPACE_NOT_IMPORTED f']],
      ['module:mm', ['error NAMESPACE_NOT_IMPORTED f']],
      ['module:n*', ['error NAMESPACE_NOT_IMPORTED f']],
      ['modules:m', ['error NAMESPACE_NOT_IMPORTED f']],
    ])('takes %s for the modules that may use it', (namespace, expected) => {
      expect(from(namespace)).toEqual(expected);
    });

    it('takes - for _ in the names of such modules, as the kernel does', () => {
      expect(from('module:my-m', { name: ['my_m'] })).toEqual([]);
      expect(from('module:my-*', { name: ['my_other'] })).toEqual([]);
    });

    it('gives them to no module without a name', () => {
      expect(from('module:m', { name: undefined })).toEqual(['error NAMESPACE_NOT_IMPORTED f']);
    });
  });

  it('tells all that is wrong with one symbol', () => {
    const exports: Export[] = [{ name: 'f', crc: 2, type: 'EXPORT_SYMBOL_GPL', namespace: 'NS' }];
    const found = imports({ exports }, { imports: [f], modinfo: { license: ['MIT'] } });
    expect(inShort(found)).toEqual([
      'error SYMBOL_CRC_MISMATCH f',
      'error SYMBOL_GPL_ONLY f',
      'error NAMESPACE_NOT_IMPORTED f',
    ]);
  });
});

describe('the check of exports', () => {
  const exports = [{ name: 'f', crc: 1, gplOnly: false, namespace: '' }];
  const check = (target: TargetChanges) =>
    inShort(checkExports(subjectOf({ file: 'my-m', exports }), targetOf(target)));

  it('finds nothing if nobody else exports it', () => {
    expect(check({})).toEqual([]);
    expect(check({ exports: [{ name: 'g' }], siblings: [{ name: 'h', module: 'base' }] })).toEqual(
      [],
    );
  });

  it('finds a symbol that the kernel exports', () => {
    expect(check({ exports: [{ name: 'f' }] })).toEqual(['error EXPORT_DUPLICATE f']);
  });

  it('warns of one that another module exports, which need not be loaded', () => {
    const warned = ['warning EXPORT_DUPLICATE f'];
    expect(check({ exports: [{ name: 'f', module: 'drivers/x/base' }] })).toEqual(warned);
    expect(check({ siblings: [{ name: 'f', module: 'base' }] })).toEqual(warned);
  });

  it('knows itself in the kernel’s Module.symvers and among the siblings', () => {
    const itself = [{ name: 'f', module: 'drivers/x/my-m' }];
    expect(check({ exports: itself, siblings: [{ name: 'f', module: 'my_m' }] })).toEqual([]);
  });
});
