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
