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

  it.each([
    ['x86_64', 62, []],
    ['i386', 3, []],
    ['arm64', 183, ['error SYMBOL_UNDEFINED _GLOBAL_OFFSET_TABLE_']],
  ])('passes over what old assemblers leave in objects of %s', (_, machine, expected) => {
    const subject = subjectOf({ imports: [{ name: '_GLOBAL_OFFSET_TABLE_', weak: false }] });
    subject.info.elf.machine = machine;
    expect(inShort(checkImports(subject, targetOf()))).toEqual(expected);
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

  it('compares with no exporter that has no CRC', () => {
    const siblings = [{ name: 'f', module: 'base' }];
    expect(imports({ siblings }, { imports: [f] })).toEqual([]);
    // What the kernel exports at 0 is another thing: a CRC like any other.
    expect(inShort(imports({ exports: [{ name: 'f', crc: 0 }] }, { imports: [f] }))).toEqual([
      'error SYMBOL_CRC_MISMATCH f',
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

  it('warns of a module that has CRCs and none of struct module', () => {
    const subject = subjectOf();
    delete subject.info.moduleLayoutCrc;
    const found = (target: TargetChanges) => checkImports(subject, targetOf(target));
    expect(inShort(found({}))).toEqual(['warning SYMBOL_CRC_MISSING module_layout']);
    expect(found({ kdir: { modversions: false } })).toEqual([]);
  });

  describe('that a sibling exports', () => {
    const siblings = [{ name: 'f', crc: 1, module: 'base' }];

    it('needs no kernel that does', () => {
      expect(imports({ siblings }, { imports: [f] })).toEqual([]);
    });

    it('goes before the kernel’s modules', () => {
      const exports = [{ name: 'f', crc: 2, module: 'drivers/x/base' }];
      expect(imports({ siblings, exports }, { imports: [f] })).toEqual([]);
      const other = [{ name: 'f', crc: 2, module: 'base' }];
      const found = imports({ siblings: other, exports: siblings }, { imports: [f] });
      expect(found[0]?.message).toContain('base exports 0x00000002');
    });

    // find_symbol, kernel/module/main.c
    it('goes after the kernel’s image, whatever its module calls itself', () => {
      const exports = [{ name: 'f', crc: 2 }];
      for (const module of ['base', 'vmlinux']) {
        const found = imports(
          { siblings: [{ ...siblings[0]!, module }], exports },
          { imports: [f] },
        );
        expect(found[0]?.message).toContain('vmlinux exports 0x00000002');
      }
    });

    it('is nothing that it gives to itself', () => {
      const own = [{ name: 'f', crc: 1, module: 'my-m' }];
      const subject = { file: 'my_m', imports: [f] };
      expect(inShort(imports({ siblings: own }, subject))).toEqual(['error SYMBOL_UNDEFINED f']);
      const exports = [{ name: 'f', crc: 1, module: 'drivers/x/other' }];
      expect(imports({ siblings: own, exports }, subject)).toEqual([]);
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

    it('leaves a weak one unresolved, as if it were not there', () => {
      const weak = [{ ...f, weak: true }];
      expect(imports({ exports }, { imports: weak, modinfo: { license: ['MIT'] } })).toEqual([]);
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

  describe('of symbols of a proprietary module', () => {
    const closed = { name: 'c', crc: 1, module: 'closed', proprietary: true };
    const c = { ...f, name: 'c' };
    const exports: Export[] = [{ name: 'f', crc: 1, type: 'EXPORT_SYMBOL_GPL' }];

    // inherit_taint, kernel/module/main.c
    it('refuses them to a module that uses GPL-only symbols, in whatever order', () => {
      for (const wanted of [
        [c, f],
        [f, c],
      ]) {
        const found = imports({ exports, siblings: [closed] }, { imports: wanted });
        expect(inShort(found)).toEqual(['error SYMBOL_FROM_PROPRIETARY c']);
        expect(found[0]?.message).toContain("'c' is exported by closed, which is proprietary");
      }
    });

    it('refuses those that are GPL-only themselves', () => {
      const siblings = [{ ...closed, type: 'EXPORT_SYMBOL_GPL' } as const];
      expect(inShort(imports({ siblings }, { imports: [c] }))).toEqual([
        'error SYMBOL_FROM_PROPRIETARY c',
      ]);
    });

    it('lets others have them', () => {
      expect(imports({ siblings: [closed] }, { imports: [c] })).toEqual([]);
      const free = { ...closed, proprietary: false };
      expect(imports({ exports, siblings: [free] }, { imports: [c, f] })).toEqual([]);
      // Exported, and not used.
      expect(imports({ exports, siblings: [closed] }, { imports: [f] })).toEqual([]);
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
  const exported = { name: 'f', crc: 1, gplOnly: false, namespace: '' };
  const check = (target: TargetChanges, exports: SubjectChanges['exports'] = [exported]) =>
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

  it('takes no module for the kernel’s image that calls itself so', () => {
    const siblings = [{ name: 'f', crc: 1, module: 'vmlinux' }];
    const subject = subjectOf({ file: 'vmlinux', exports: [exported] });
    const found = (target: TargetChanges) => inShort(checkExports(subject, targetOf(target)));
    expect(found({ siblings, exports: [{ name: 'f', crc: 2 }] })).toEqual([
      'error EXPORT_DUPLICATE f',
    ]);
    expect(found({ siblings })).toEqual([]);
  });

  // check_export_symbol_versions, kernel/module/main.c
  describe('without CRCs', () => {
    const bare = ['g', 'h'].map((name) => ({ name, gplOnly: false, namespace: '' }));

    it('is refused once by a kernel with MODVERSIONS, unless it forces', () => {
      expect(check({}, [exported, ...bare])).toEqual(['error EXPORT_CRC_MISSING']);
      const config = ['CONFIG_MODULE_FORCE_LOAD'];
      expect(check({ config }, bare)).toEqual(['warning EXPORT_CRC_MISSING']);
    });

    it('is right for a kernel without', () => {
      expect(check({ kdir: { modversions: false } }, bare)).toEqual([]);
    });
  });
});
