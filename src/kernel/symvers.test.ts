import { describe, expect, it } from 'vitest';
import { exportsOf, parseSymvers } from './symvers.js';

const expected = [
  { name: '_printk', crc: 0x92997ed8, module: 'vmlinux', gplOnly: false, namespace: '' },
  {
    name: 'usb_stor_probe1',
    crc: 0xb93f1f12,
    module: 'drivers/usb/storage/usb-storage',
    gplOnly: true,
    namespace: 'USB_STORAGE',
  },
];

describe('parseSymvers', () => {
  it('reads the columns as Linux 5.8 and later write them, the namespace last', () => {
    const symvers = parseSymvers(
      '0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n' +
        '0xb93f1f12\tusb_stor_probe1\tdrivers/usb/storage/usb-storage\tEXPORT_SYMBOL_GPL\tUSB_STORAGE\n',
    );
    expect([...symvers.values()]).toEqual(expected);
  });

  it('reads the columns as Linux 5.4 to 5.7 wrote them, the namespace before the module', () => {
    const symvers = parseSymvers(
      '0x92997ed8\t_printk\t\tvmlinux\tEXPORT_SYMBOL\n' +
        '0xb93f1f12\tusb_stor_probe1\tUSB_STORAGE\tdrivers/usb/storage/usb-storage\tEXPORT_SYMBOL_GPL\n',
    );
    expect([...symvers.values()]).toEqual(expected);
  });

  it('reads the columns as they were before there were namespaces', () => {
    const symvers = parseSymvers('0x00000001\tprintk\tvmlinux\tEXPORT_SYMBOL\n');
    expect(symvers.get('printk')).toEqual({
      name: 'printk',
      crc: 1,
      module: 'vmlinux',
      gplOnly: false,
      namespace: '',
    });
  });

  it('reads CRCs of 0, as a kernel without MODVERSIONS has them', () => {
    const symvers = parseSymvers('0x00000000\tx\tvmlinux\tEXPORT_SYMBOL_GPL\t\n');
    expect(symvers.get('x')).toMatchObject({ crc: 0, gplOnly: true });
  });

  it('is not misled by a symbol or a module that is called like an export', () => {
    const symvers = parseSymvers('0x1\tEXPORT_ME\tEXPORT_dir/mod\tEXPORT_SYMBOL\tNS\n');
    expect(symvers.get('EXPORT_ME')).toMatchObject({ module: 'EXPORT_dir/mod', namespace: 'NS' });
  });

  it('passes over blank lines and what is too short to be a symbol', () => {
    expect(parseSymvers('').size).toBe(0);
    expect(parseSymvers('\n\n0x1\tx\n0x1\tx\tvmlinux\nno tabs here\n').size).toBe(0);
  });

  it('reads several files that were joined, the last line for a symbol winning', () => {
    const symvers = parseSymvers(
      ['0x1\ta\tone\tEXPORT_SYMBOL\t', '', '0x2\ta\ttwo\tEXPORT_SYMBOL\t'].join('\n'),
    );
    expect([...symvers.values()]).toMatchObject([{ name: 'a', crc: 2, module: 'two' }]);
  });
});

describe('a Module.symvers that is looked into', () => {
  const texts = [
    '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n0x2\tb\tb\tEXPORT_SYMBOL_GPL\tNS\n\n0x3\ta\ta\tEXPORT_SYMBOL\t',
    '0x1\tb\ta\tEXPORT_SYMBOL\t\n0x2\ta\ta\n0x3\tEXPORT_SYMBOL\ta\tEXPORT_SYMBOL\ta\t\n',
    'a\tb\ta\tb\ta\tb\n\ta\tb\tEXPORT_SYMBOL\n0x4\t\ta\tEXPORT_SYMBOL\tx\nno\tb\n',
    'a\n\tb\n\t\ta\n\t\t\t\n0x1\ta\r\tm\tEXPORT_SYMBOL\r\n',
    '\ta\ta\ta\t\ta\ta',
    '',
  ];
  const names = ['a', 'b', '', 'EXPORT_SYMBOL', 'a\r', 'a\ta', 'a\n', 'size', '__proto__'];

  /** Column by column, as plainly as can be. */
  const plainly = (text: string) =>
    new Map(
      text.split('\n').flatMap((line) => {
        const [crc, name, ...rest] = line.split('\t');
        return name === undefined || rest.length < 2 ? [] : [[name, Number.parseInt(crc!, 16)]];
      }),
    );

  it.each(texts)('finds the same symbols one by one as all at once: %j', (text) => {
    const expected = plainly(text);
    const all = parseSymvers(text);
    expect(new Map(Array.from(all, ([name, { crc }]) => [name, crc]))).toEqual(expected);
    expect([...all.keys()]).toEqual([...expected.keys()]);
    expect(all.size).toBe(expected.size);
    const each: [string, number | undefined][] = [];
    all.forEach((entry, name) => each.push([name, entry.crc]));
    expect(new Map(each)).toEqual(expected);
    for (const name of [...names, ...expected.keys()]) {
      const one = parseSymvers(text); // by searching
      expect(one.get(name)).toEqual(all.get(name)); // by the index
      expect(one.get(name)?.crc).toEqual(expected.get(name));
      expect(one.has(name)).toBe(expected.has(name));
    }
  });

  it('finds the same after many lookups as after few', () => {
    const text = Array.from({ length: 100 }, (_, n) => `0x${n}\ts${n}\tm\tEXPORT_SYMBOL\t`);
    const symvers = parseSymvers(text.join('\n'));
    for (let n = 0; n < 100; n++) {
      expect(symvers.get(`s${n}`)?.crc).toBe(Number.parseInt(String(n), 16));
      expect(symvers.get(`t${n}`)).toBeUndefined();
    }
  });

  it.each([
    ['lines without a tab', `${'\n'.repeat(2 ** 21)}\t`],
    ['one line that is all tabs', '\ta'.repeat(2 ** 20)],
    ['short lines', '\ta\t\n'.repeat(2 ** 19)],
  ])('takes no time to speak of for %s, whoever wrote them', (_, text) => {
    const start = performance.now();
    const symvers = parseSymvers(text);
    symvers.get('a');
    expect(symvers.size).toBeLessThan(2);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('exportsOf', () => {
  const symbol = { name: 'f', crc: 1, gplOnly: true, namespace: 'NS' };

  it('has what modules export in the form of a Module.symvers', () => {
    const symvers = exportsOf([
      { name: 'base', exports: [symbol], proprietary: false },
      { name: 'none', exports: [], proprietary: false },
    ]);
    expect([...symvers]).toEqual([['f', { ...symbol, module: 'base', proprietary: false }]]);
  });

  it('says of each symbol whether it is a proprietary module’s', () => {
    const symvers = exportsOf([
      { name: 'closed', exports: [symbol], proprietary: true },
      { name: 'open', exports: [{ ...symbol, name: 'g' }], proprietary: false },
    ]);
    expect([...symvers.values()].map(({ proprietary }) => proprietary)).toEqual([true, false]);
  });

  it('gives no CRC where a module records none', () => {
    const exports = [{ name: 'f', gplOnly: false, namespace: '' }];
    const symvers = exportsOf([{ name: 'base', exports, proprietary: false }]);
    expect(symvers.get('f')).not.toHaveProperty('crc');
  });
});
