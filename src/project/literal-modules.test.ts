import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { literalModules } from './literal-modules.js';

describe('literalModules', () => {
  it('reads lists, continued lines, comments and directories', () => {
    const directory = temporaryDirectory({
      Kbuild: 'obj-m := one.o \\\n  two.o # three.o\nobj-m += usb/ net/tap.o\n',
      Makefile: 'obj-m := not-read.o\n',
      'usb/Makefile': 'obj-m := one-usb.o\none-usb-y := a.o b.o\n',
    });
    expect(literalModules(directory)).toEqual({
      modules: [
        { name: 'one', location: '' },
        { name: 'two', location: '' },
        { name: 'one-usb', location: 'usb/' },
        { name: 'tap', location: 'net/' },
      ],
      unclear: [],
    });
  });

  it('knows the condition by which a Makefile tells Kbuild from a plain make', () => {
    const directory = temporaryDirectory({
      Makefile: 'ifneq ($(KERNELRELEASE),)\nobj-m := demo.o\nelse\nall:\n\tmake -C x\nendif\n',
    });
    expect(literalModules(directory).modules).toEqual([{ name: 'demo', location: '' }]);
  });

  it.each([
    'obj-$(CONFIG_DEMO) += demo.o\n',
    'obj-m += $(NAME).o\n',
    'ifeq ($(DEBUG),1)\nobj-m += demo.o\nendif\n',
  ])('tells of what only make can read: %j', (text) => {
    const { modules, unclear } = literalModules(temporaryDirectory({ Kbuild: text }));
    expect(modules).toEqual([]);
    expect(unclear).toHaveLength(1);
  });

  it('reads each directory once, however often and by whichever name it comes', () => {
    const words = './ '.repeat(1000);
    const directory = temporaryDirectory({
      Kbuild: `obj-m := a.o sub/ ${words} one/ two/\n`,
      'sub/Kbuild': `obj-m := b.o ../ ../sub/ ${words}\n`,
      one: { link: '.' },
      two: { link: 'one' },
    });
    expect(literalModules(directory)).toEqual({
      modules: [
        { name: 'a', location: '' },
        { name: 'b', location: 'sub/' },
      ],
      unclear: [],
    });
  });

  it.each(['../outside/', '../outside/x.o', 'link/', 'link/x.o', '../'])(
    'does not leave the tree: %s',
    (word) => {
      const directory = temporaryDirectory({
        'outside/Kbuild': 'obj-m := secret.o\n',
        Kbuild: 'obj-m := secret.o\n',
        'project/Kbuild': `obj-m := a.o ${word}\n`,
        'project/link': { link: '../outside' },
      });
      expect(literalModules(`${directory}/project`)).toEqual({
        modules: [{ name: 'a', location: '' }],
        unclear: [`Kbuild: obj-m := a.o ${word}`],
      });
    },
  );

  it('reads very many words', () => {
    const Kbuild = `obj-m := ${Array.from({ length: 100_000 }, (_, i) => `m${i}.o`).join(' ')}\n`;
    expect(literalModules(temporaryDirectory({ Kbuild })).modules).toHaveLength(100_000);
  });

  it('refuses a Kbuild that is no file', async () => {
    const directory = temporaryDirectory({ 'Kbuild/x': '' });
    expect((await kbuildErrorOf(() => literalModules(directory))).code).toBe('CONFIG_INVALID');
  });
});
