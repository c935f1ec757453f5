import { describe, expect, it } from 'vitest';
import {
  inShort,
  moduleSections,
  subjectOf,
  targetOf,
} from '../../../test/support/verify-values.js';
import { checkFeatures, checkMachine, checkName, checkVermagic } from './identity.js';

describe('the check of the machine', () => {
  const elf = subjectOf().info.elf;

  it('finds nothing for the kernel’s own', () => {
    expect(checkMachine(subjectOf(), targetOf())).toEqual([]);
  });

  it.each([
    ['machine', { machine: 183 }],
    ['word size', { class: 32 }],
    ['byte order', { endian: 'big' }],
  ] as const)('finds another %s', (_, change) => {
    const found = checkMachine(subjectOf({ elf: { ...elf, ...change } }), targetOf());
    expect(inShort(found)).toEqual(['error MACHINE_MISMATCH']);
    expect(found[0]?.message).toContain('x86_64 is machine 62, 64-bit');
  });

  it.each([2, 3])('finds what is linked already: ELF type %i', (type) => {
    const found = checkMachine(subjectOf({ elf: { ...elf, type } }), targetOf());
    expect(inShort(found)).toEqual(['error NOT_RELOCATABLE']);
    expect(found[0]?.message).toContain(`ELF type ${type}`);
  });

  // setup_load_info, kernel/module/main.c
  describe('that the loader looks for first', () => {
    const [structModule, symbolTable] = moduleSections;
    const withSections = (...sections: (typeof structModule)[]) =>
      checkMachine(
        subjectOf({ sections: sections.filter((one) => one !== undefined) }),
        targetOf(),
      );

    it('finds an object that is no module', () => {
      const found = withSections(symbolTable);
      expect(inShort(found)).toEqual(['error NOT_A_MODULE']);
      expect(found[0]?.message).toContain('.gnu.linkonce.this_module');
      expect(inShort(withSections())).toEqual(['error NOT_A_MODULE']);
    });

    it('finds a module without its symbol table, by its type and not its name', () => {
      expect(inShort(withSections(structModule))).toEqual(['error SYMBOL_TABLE_MISSING']);
      const named = { ...symbolTable!, type: 1 };
      expect(inShort(withSections(structModule, named))).toEqual(['error SYMBOL_TABLE_MISSING']);
      const unnamed = { ...symbolTable!, name: '' };
      expect(withSections(structModule, unnamed)).toEqual([]);
    });

    it('says of another machine’s object that alone', () => {
      const subject = subjectOf({ elf: { ...elf, machine: 183 }, sections: [] });
      expect(inShort(checkMachine(subject, targetOf()))).toEqual(['error MACHINE_MISMATCH']);
    });
  });
});

describe('the check of the vermagic', () => {
  const ours = targetOf().kdir.vermagic!;
  const other = ours.replace('-56-', '-55-');
  const none = { form: 'none', classic: false } as const;

  it('finds nothing if it is the kernel’s', () => {
    expect(checkVermagic(subjectOf(), targetOf())).toEqual([]);
    expect(checkVermagic(subjectOf(), targetOf({ strict: true }))).toEqual([]);
  });

  it('finds that there is none, which a kernel may force', () => {
    const subject = subjectOf({ modinfo: { vermagic: undefined } });
    const found = checkVermagic(subject, targetOf());
    expect(inShort(found)).toEqual(['error VERMAGIC_MISSING']);
    expect(found[0]?.message).toBe('the module has no vermagic');
    const forcing = targetOf({ config: ['CONFIG_MODULE_FORCE_LOAD'] });
    expect(inShort(checkVermagic(subject, forcing))).toEqual(['warning VERMAGIC_MISSING']);
  });

  describe('with another release', () => {
    const modinfo = { vermagic: [other] };

    it('is a note if the module has CRCs, and an error in strict use', () => {
      const found = checkVermagic(subjectOf({ modinfo }), targetOf());
      expect(inShort(found)).toEqual(['note VERMAGIC_RELEASE_DIFFERS']);
      expect(found[0]?.message).toContain(`'${other}'`);
      expect(found[0]?.message).toContain(`'${ours}'`);
      const strict = targetOf({ strict: true });
      expect(inShort(checkVermagic(subjectOf({ modinfo }), strict))).toEqual([
        'error VERMAGIC_RELEASE_DIFFERS',
      ]);
    });

    it.each([
      ['the module has no CRCs', { versions: none }, {}],
      // has_crcs of same_magic is the index of __versions alone.
      [
        'it has them in the extended form alone',
        { versions: { form: 'extended', classic: false } as const },
        {},
      ],
      ['the kernel asks for none', {}, { kdir: { modversions: false } }],
    ])('is an error if %s', (_, subject, target) => {
      const found = checkVermagic(subjectOf({ modinfo, ...subject }), targetOf(target));
      expect(inShort(found)).toEqual(['error VERMAGIC_MISMATCH']);
    });

    it('is a note if both forms of CRCs are there', () => {
      const versions = { form: 'extended', classic: true } as const;
      const found = checkVermagic(subjectOf({ modinfo, versions }), targetOf());
      expect(inShort(found)).toEqual(['note VERMAGIC_RELEASE_DIFFERS']);
    });
  });

  it.each([
    ['other preemption', ours.replace('preempt ', '')],
    ['a blank less at its end', ours.trimEnd()],
    ['no blank at all', '6.1.0-56-amd64'],
    ['nothing', ''],
  ])('finds %s, whatever the CRCs', (_, vermagic) => {
    const found = checkVermagic(subjectOf({ modinfo: { vermagic: [vermagic] } }), targetOf());
    expect(inShort(found)).toEqual(['error VERMAGIC_MISMATCH']);
  });

  describe('of a kernel that randomises structures', () => {
    const randomised = (strict = false) => {
      const target = targetOf({ strict });
      delete target.kdir.vermagic;
      return target;
    };
    const saying = (vermagic: string) => ({ modinfo: { vermagic: [vermagic] } });

    it('is unknown, and another release is told as elsewhere', () => {
      const same = subjectOf(saying(`${ours}RANDSTRUCT_0123`));
      expect(inShort(checkVermagic(same, randomised()))).toEqual(['warning VERMAGIC_UNKNOWN']);
      const differs = subjectOf(saying(`${other}RANDSTRUCT_0123`));
      expect(inShort(checkVermagic(differs, randomised()))).toEqual([
        'warning VERMAGIC_UNKNOWN',
        'note VERMAGIC_RELEASE_DIFFERS',
      ]);
      expect(inShort(checkVermagic(differs, randomised(true)))[1]).toMatch(/^error/);
    });

    it('is refused for another release without CRCs', () => {
      const differs = subjectOf({ ...saying(other), versions: none });
      expect(inShort(checkVermagic(differs, randomised()))).toEqual(['error VERMAGIC_MISMATCH']);
    });
  });
});

describe('the check of the name', () => {
  it('takes - and _ for the same in a file’s name', () => {
    const modinfo = { name: ['my_m'] };
    expect(checkName(subjectOf({ file: 'my-m', modinfo }), targetOf())).toEqual([]);
    expect(checkName(subjectOf({ file: 'my_m', modinfo }), targetOf())).toEqual([]);
  });

  it('finds another one, naming both', () => {
    const found = checkName(subjectOf({ file: 'n' }), targetOf());
    expect(inShort(found)).toEqual(['warning NAME_MISMATCH']);
    expect(found[0]?.message).toMatch(/'m'.*n\.ko/);
  });

  it('notes that none is recorded', () => {
    const found = checkName(subjectOf({ modinfo: { name: undefined } }), targetOf());
    expect(inShort(found)).toEqual(['note NAME_MISSING']);
    expect(found[0]?.message).toBe('the module does not record its name');
  });
});

describe('the check of features', () => {
  const check = (modinfo: Record<string, string[] | undefined>, ...config: string[]) =>
    inShort(checkFeatures(subjectOf({ modinfo }), targetOf({ config })));

  it('finds a livepatch for a kernel without livepatching', () => {
    expect(check({ livepatch: ['Y'] })).toEqual(['error LIVEPATCH_UNSUPPORTED']);
    expect(check({ livepatch: ['Y'] }, 'CONFIG_LIVEPATCH')).toEqual([]);
  });

  // The option was renamed in Linux 6.9.
  it.each(['CONFIG_RETPOLINE', 'CONFIG_MITIGATION_RETPOLINE'])(
    'finds a module without retpolines for a kernel with %s',
    (option) => {
      expect(check({ retpoline: undefined }, option)).toEqual(['warning RETPOLINE_MISSING']);
      expect(check({}, option)).toEqual([]);
      expect(check({ retpoline: undefined })).toEqual([]);
    },
  );
});
