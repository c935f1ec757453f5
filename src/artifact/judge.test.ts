import { describe, expect, it } from 'vitest';
import { fixtureModule, type FixtureModule } from '../../test/support/fixture-module.js';
import { kdirOf } from '../../test/support/job-values.js';
import { kernelFor, symversText, type Export } from '../../test/support/symvers.js';
import { parseSymvers } from '../kernel/symvers.js';
import { readModule, type ModuleInfo } from '../module/read-module.js';
import type { Verdict } from './manifest-schema.js';
import { judgeModule, unresolvedOf, type Expectation } from './judge.js';

const fixture = (name: FixtureModule): ModuleInfo => readModule(fixtureModule(name));

/** What exporter exports, as modpost wrote it when consumer-arm64.ko was built. */
const exporterSymvers = symversText(
  { name: 'exporter_add', crc: 0xfdf1b56a, module: 'exporter' },
  { name: 'exporter_read', crc: 0x8195eddb, module: 'exporter', type: 'EXPORT_SYMBOL_GPL' },
  {
    name: 'exporter_remove',
    crc: 0x34b54dcc,
    module: 'exporter',
    type: 'EXPORT_SYMBOL_GPL',
    namespace: 'KBUILD_TS',
  },
);
const exporterNames = ['exporter_add', 'exporter_read', 'exporter_remove'];

const params = fixture('params-x86_64');
const consumer = fixture('consumer-arm64');

function judge(module: ModuleInfo, changes: Partial<Expectation> = {}): Verdict[] {
  return judgeModule(module, {
    kdir: kdirOf('x86_64'),
    config: new Map(),
    symvers: parseSymvers(kernelFor(module)),
    siblings: new Map(),
    name: 'params',
    ...changes,
  });
}

function verdict(
  check: Verdict['check'],
  module: ModuleInfo,
  changes: Partial<Expectation> = {},
): Verdict {
  const found = judge(module, changes).filter((one) => one.check === check);
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** A module that says something else in `.modinfo`; undefined takes a tag away. */
function saying(changes: Record<string, string[] | undefined>, module = params): ModuleInfo {
  const modinfo = Object.entries({ ...module.modinfo, ...changes });
  return {
    ...module,
    modinfo: Object.fromEntries(
      modinfo.filter((entry): entry is [string, string[]] => entry[1] !== undefined),
    ),
  };
}

describe('judgeModule', () => {
  it.each(['params', 'exporter'] as const)('finds nothing wrong with a real module: %s', (name) => {
    const verdicts = judge(fixture(`${name}-x86_64`), { name });
    expect(verdicts.map(({ check, status }) => [check, status])).toEqual([
      ['machine', 'ok'],
      ['vermagic', 'ok'],
      ['name', 'ok'],
      ['license', 'ok'],
      ['symbols', 'ok'],
    ]);
  });

  it('finds nothing wrong with a real module that uses symbols of another one', () => {
    const verdicts = judge(consumer, {
      kdir: kdirOf('arm64'),
      symvers: parseSymvers(kernelFor(consumer, ...exporterNames)),
      siblings: parseSymvers(exporterSymvers),
      name: 'consumer',
    });
    expect(verdicts.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });
});

describe('the verdict on the machine', () => {
  it('fails for a module of another arch, naming both', () => {
    const { status, detail } = verdict('machine', params, { kdir: kdirOf('arm64') });
    expect(status).toBe('failed');
    expect(detail).toContain('machine 62');
    expect(detail).toContain('arm64 is machine 183');
  });

  it.each([
    ['class', { class: 32 }],
    ['byte order', { endian: 'big' }],
  ] as const)('fails for another %s of the same machine', (_, change) => {
    const module = { ...params, elf: { ...params.elf, ...change } };
    expect(verdict('machine', module).status).toBe('failed');
  });

  it('fails for what is no relocatable object', () => {
    const module = { ...params, elf: { ...params.elf, type: 3 } };
    expect(verdict('machine', module)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('ELF type 3'),
    });
  });
});

describe('the verdict on the vermagic', () => {
  it.each([
    ['another release', '6.1.0-55-amd64 SMP preempt mod_unload modversions '],
    ['another preemption', '6.1.0-56-amd64 SMP mod_unload modversions '],
    ['a missing blank at its end', '6.1.0-56-amd64 SMP preempt mod_unload modversions'],
  ])('fails for %s, quoting both', (_, actual) => {
    const { status, detail } = verdict('vermagic', saying({ vermagic: [actual] }));
    expect(status).toBe('failed');
    expect(detail).toContain(`'${actual}'`);
    expect(detail).toContain(`'${kdirOf('x86_64').vermagic ?? ''}'`);
  });

  it('fails for a module without one', () => {
    expect(verdict('vermagic', saying({ vermagic: undefined })).status).toBe('failed');
  });

  describe('where the KDIR’s own cannot be computed', () => {
    const randomised = kdirOf('x86_64');
    delete randomised.vermagic;

    it('is unknown if the release is right', () => {
      const hashed = '6.1.0-56-amd64 SMP preempt mod_unload modversions RANDSTRUCT_0123abcd';
      const module = saying({ vermagic: [hashed] });
      expect(verdict('vermagic', module, { kdir: randomised }).status).toBe('unknown');
    });

    it.each(['6.1.0-56-amd64-rt SMP ', '6.1.0-5 SMP ', '6.1.0-56 SMP '])(
      'fails for another release: %s',
      (actual) => {
        const module = saying({ vermagic: [actual] });
        expect(verdict('vermagic', module, { kdir: randomised }).status).toBe('failed');
      },
    );
  });
});

describe('the verdict on the name', () => {
  it('fails if the module calls itself otherwise than its file', () => {
    expect(verdict('name', params, { name: 'parameters' })).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/'params'.*parameters\.ko/),
    });
  });

  it('takes - and _ for the same in a file’s name, as the kernel does', () => {
    const module = saying({ name: ['my_params'] });
    expect(verdict('name', module, { name: 'my-params' }).status).toBe('ok');
    expect(verdict('name', module, { name: 'my_params' }).status).toBe('ok');
  });

  it('is unknown for a module that records none', () => {
    expect(verdict('name', saying({ name: undefined })).status).toBe('unknown');
  });
});

describe('the verdict on the licence', () => {
  it('fails for a module without MODULE_LICENSE', () => {
    expect(verdict('license', saying({ license: undefined })).status).toBe('failed');
  });

  it('fails if the project says another one, naming both', () => {
    expect(verdict('license', params, { license: 'Dual MIT/GPL' })).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/'GPL'.*'Dual MIT\/GPL'/),
    });
  });

  it('is good if the project says the same, or nothing', () => {
    expect(verdict('license', params, { license: 'GPL' }).status).toBe('ok');
    const proprietary = saying({ license: ['Proprietary'] });
    expect(verdict('license', proprietary)).toMatchObject({ status: 'ok', detail: 'Proprietary' });
  });
});

describe('the verdict on the symbols', () => {
  const module = (imports: ModuleInfo['imports'], modinfo = {}): ModuleInfo => ({
    ...params,
    modinfo: { license: ['GPL'], ...modinfo },
    imports,
  });
  const on = (
    imports: ModuleInfo['imports'],
    exports: Export[],
    { modinfo = {}, ...changes }: Partial<Expectation> & { modinfo?: ModuleInfo['modinfo'] } = {},
  ): Verdict => {
    const symvers = parseSymvers(symversText(...exports));
    return verdict('symbols', module(imports, modinfo), { symvers, ...changes });
  };

  it('counts what was resolved', () => {
    const { imports } = params;
    expect(verdict('symbols', params).detail).toContain(`${imports.length} resolved`);
  });

  it('fails for each symbol that nothing exports', () => {
    const missing = ['_printk', 'param_ops_int'];
    const symvers = parseSymvers(kernelFor(params, ...missing));
    const { status, detail } = verdict('symbols', params, { symvers });
    expect(status).toBe('failed');
    for (const name of missing) expect(detail).toContain(`'${name}' is exported by nothing`);
    expect(detail).not.toContain('param_ops_bool');
  });

  it('lets a weak symbol be missing, but not be another one', () => {
    const weak = { name: 'maybe', weak: true, crc: 1 };
    expect(on([weak], []).status).toBe('ok');
    expect(on([weak], [{ name: 'maybe', crc: 2 }]).status).toBe('failed');
  });

  it('fails for a CRC that is not the exporter’s, showing both', () => {
    const symbol = { name: 'f', weak: false, crc: 0xab };
    expect(on([symbol], [{ name: 'f', crc: 0xabcdef01 }])).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/'f' has CRC 0x000000ab, vmlinux exports 0xabcdef01/),
    });
  });

  it('is open for a symbol without a CRC where the kernel has them: the kernel only warns', () => {
    const bare = { name: 'f', weak: false };
    expect(on([bare], [{ name: 'f', crc: 1 }])).toMatchObject({
      status: 'unknown',
      detail: "no CRC is recorded for 'f'",
    });
  });

  it('looks at no CRC where the kernel has none', () => {
    const kdir = kdirOf('x86_64', { modversions: false });
    const verdicts = on([{ name: 'f', weak: false }], [{ name: 'f', crc: 0 }], { kdir });
    expect(verdicts).toMatchObject({ status: 'ok', detail: '1 resolved' });
  });

  it('holds a symbol against the sibling that exports it, before the kernel’s modules', () => {
    const symbol = { name: 'f', weak: false, crc: 1 };
    const siblings = parseSymvers(symversText({ name: 'f', crc: 1, module: 'base' }));
    const ofModule = (crc: number) => [{ name: 'f', crc, module: 'drivers/x/base' }];
    expect(on([symbol], ofModule(2), { siblings }).status).toBe('ok');
    const changed = parseSymvers(symversText({ name: 'f', crc: 3, module: 'base' }));
    expect(on([symbol], ofModule(1), { siblings: changed })).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('base exports 0x00000003'),
    });
  });

  it('says of which module it is that is not published, and fails all the same', () => {
    const unpublished = new Map([['f', 'base']]);
    const symbol = { name: 'f', weak: false, crc: 1 };
    expect(on([symbol], [], { unpublished })).toMatchObject({
      status: 'failed',
      detail: "'f' is exported by base, which is not part of what is published",
    });
    expect(on([symbol], [{ name: 'f', crc: 2 }], { unpublished }).detail).toContain('has CRC');
  });

  it('names those that nothing gives, weak ones too', () => {
    const imports = ['f', 'g', 'h'].map((name) => ({ name, weak: name === 'h' }));
    const expected: Expectation = {
      kdir: kdirOf('x86_64'),
      config: new Map(),
      symvers: parseSymvers(symversText({ name: 'f' })),
      siblings: new Map(),
      name: 'params',
    };
    expect(unresolvedOf(module(imports), expected)).toEqual(['g', 'h']);
    const siblings = parseSymvers(symversText({ name: 'g', module: 'base' }));
    expect(unresolvedOf(module(imports), { ...expected, siblings })).toEqual(['h']);
  });

  describe('that are for GPL-compatible modules alone', () => {
    const symbol = { name: 'g', weak: false, crc: 1 };
    const exports: Export[] = [{ name: 'g', crc: 1, type: 'EXPORT_SYMBOL_GPL' }];

    // include/linux/license.h
    it.each([
      'GPL',
      'GPL v2',
      'GPL and additional rights',
      'Dual BSD/GPL',
      'Dual MIT/GPL',
      'Dual MPL/GPL',
    ])('is good under the licence %s', (license) => {
      expect(on([symbol], exports, { modinfo: { license: [license] } }).status).toBe('ok');
    });

    it.each(['Proprietary', 'MIT', 'BSD', 'GPL v3', 'gpl', 'GPLv2', 'Apache-2.0'])(
      'fails under the licence %s',
      (license) => {
        expect(on([symbol], exports, { modinfo: { license: [license] } })).toMatchObject({
          status: 'failed',
          detail: expect.stringContaining(`the licence is '${license}'`),
        });
      },
    );

    it('does not mind the licence for other symbols', () => {
      const modinfo = { license: ['Proprietary'] };
      expect(on([symbol], [{ name: 'g', crc: 1 }], { modinfo }).status).toBe('ok');
    });
  });

  describe('in a namespace', () => {
    const symbol = { name: 'n', weak: false, crc: 1 };
    const exports: Export[] = [{ name: 'n', crc: 1, namespace: 'USB_STORAGE' }];

    it('fails if the module does not import it', () => {
      expect(on([symbol], exports)).toMatchObject({
        status: 'failed',
        detail: expect.stringContaining('USB_STORAGE'),
      });
      expect(on([symbol], exports, { modinfo: { import_ns: ['USB'] } }).status).toBe('failed');
    });

    it('is good if the module imports it, among others', () => {
      const modinfo = { import_ns: ['DMA_BUF', 'USB_STORAGE'] };
      expect(on([symbol], exports, { modinfo }).status).toBe('ok');
    });

    it('is that of the real exporter for the real consumer', () => {
      const changes = {
        kdir: kdirOf('arm64'),
        symvers: parseSymvers(kernelFor(consumer, ...exporterNames)),
        siblings: parseSymvers(exporterSymvers),
      };
      const without = saying({ import_ns: undefined }, consumer);
      expect(verdict('symbols', without, changes)).toMatchObject({
        status: 'failed',
        detail: "'exporter_remove' is in the namespace KBUILD_TS, which is not imported",
      });
    });
  });

  it('tells everything that is wrong at once', () => {
    const imports = [
      { name: 'gone', weak: false, crc: 1 },
      { name: 'changed', weak: false, crc: 1 },
      { name: 'gpl', weak: false, crc: 1 },
    ];
    const exports: Export[] = [
      { name: 'changed', crc: 2, namespace: 'NS' },
      { name: 'gpl', crc: 1, type: 'EXPORT_SYMBOL_GPL' },
    ];
    const { detail } = on(imports, exports, { modinfo: { license: ['Proprietary'] } });
    expect(detail.split('; ')).toHaveLength(4);
  });
});
