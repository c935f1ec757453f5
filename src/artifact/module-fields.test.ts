import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureModulePath, fixtureModules } from '../../test/support/fixture-module.js';
import { ModuleFiles } from './module-file.js';
import { fieldNames, fieldValues, isSymbolField, summaryFieldValues } from './module-fields.js';
import { reportModule, summariseModule, type ModuleReport } from './module-report.js';

const report = async (path: string) => reportModule(await new ModuleFiles().open(path));

describe.each(fixtureModules)('fieldValues of %s', (name) => {
  it.each(['filename', 'license', 'author', 'vermagic', 'depends', 'import_ns', 'parm', 'signer'])(
    'gives for %s what kmod gives',
    async (field) => {
      const path = fixtureModulePath(name);
      const told = execFileSync('modinfo', ['-F', field, path], { encoding: 'utf8' });
      const values = fieldValues(await report(path), field);
      // kmod lists parameters from the last to the first.
      const lines = (text: string) => text.split('\n').filter(Boolean).sort();
      expect(lines(values.join('\n'))).toEqual(lines(told));
    },
  );
});

describe('fieldValues', () => {
  let whole: ModuleReport;
  beforeAll(async () => {
    whole = await report(fixtureModulePath('exporter-x86_64'));
  });

  it.each([
    ['compression', ['none']],
    ['machine', ['x86_64']],
    ['class', ['64']],
    ['endian', ['little']],
    ['sig_id', []],
    ['signature', []],
  ])('has a field of its own: %s', (field, values) => {
    expect(fieldValues(whole, field)).toEqual(values);
  });

  it('has all fields that it names, and writes them as strings', () => {
    for (const field of fieldNames) {
      for (const value of fieldValues(whole, field)) expect(typeof value).toBe('string');
    }
  });

  it('gives of a summary the same, but for fields about symbols and sections', async () => {
    const path = fixtureModulePath('exporter-x86_64');
    const summary = await summariseModule(await new ModuleFiles().open(path));
    for (const field of [...fieldNames, 'license', 'vermagic', 'depends']) {
      const values = isSymbolField(field) ? [] : fieldValues(whole, field);
      expect(summaryFieldValues(summary, field), field).toEqual(values);
    }
    expect(fieldNames.filter(isSymbolField)).toEqual([
      ...['module_layout', 'exports', 'imports', 'sections'],
    ]);
    expect(['toString', '__proto__', 'license', ''].filter(isSymbolField)).toEqual([]);
  });

  it('writes exports as lines of Module.symvers without the module, imports as modprobe does', () => {
    const module = {
      ...whole,
      exports: [
        { name: 'f', crc: '0x00000001', gplOnly: true, namespace: 'NS' },
        { name: 'g', gplOnly: false, namespace: '' },
      ],
      imports: [
        { name: 'a', crc: '0x00000002', weak: false },
        { name: 'b', crc: '0x00000003', weak: true },
        { name: 'c', weak: false },
      ],
    };
    expect(fieldValues(module, 'exports')).toEqual([
      '0x00000001\tf\tEXPORT_SYMBOL_GPL\tNS',
      '\tg\tEXPORT_SYMBOL\t',
    ]);
    expect(fieldValues(module, 'imports')).toEqual(['0x00000002\ta', '0x00000003\tb\tweak', '\tc']);
  });

  it('gives a signature as one line, and what a module lacks as nothing', () => {
    const signature = {
      ...{ idType: 'PKCS#7', signer: 'Vendor', keyId: '0A', hash: 'sha256', algorithm: 'rsa' },
      value: '0aff',
    };
    expect(fieldValues({ ...whole, signature }, 'signature')).toEqual(['0A:FF']);
    expect(fieldValues({ ...whole, signature }, 'signer')).toEqual(['Vendor']);
    const bare: ModuleReport = { ...whole };
    delete bare.buildId;
    delete bare.moduleLayoutCrc;
    expect(fieldValues(bare, 'build_id')).toEqual([]);
    expect(fieldValues(bare, 'module_layout')).toEqual([]);
  });

  it.each(['nonesuch', 'toString', '__proto__', 'constructor', ''])(
    'knows no field %j that objects have anyway',
    (field) => {
      expect(fieldValues(whole, field)).toEqual([]);
    },
  );
});
