import { describe, expect, it } from 'vitest';
import { allEditors, leftOut } from './editor-options.js';

const [clangd] = allEditors();

describe('leftOut', () => {
  it.each([
    ['-fconserve-stack', 'GCC'],
    ['-mindirect-branch=thunk-extern', 'GCC'],
    ['-mindirect-branch-register', 'GCC'],
    ['--param', 'GCC'],
    ['--param=allow-store-data-races=0', 'GCC'],
    ['-falign-jumps=1', 'GCC'],
    ['-fplugin-arg-latent_entropy_plugin-disable', 'GCC'],
    ['-Wp,-MMD,/build/.x.o.d', 'no use'],
    ['-Wa,--fatal-warnings', 'no use'],
    ['-fmacro-prefix-map=/usr/src/x/=', 'no use'],
    ['-ffile-prefix-map=/a=/b', 'no use'],
    ['-Wall', undefined],
    ['-fshort-wchar', undefined],
    ['-fno-strict-aliasing', undefined],
    ['-std=gnu11', undefined],
    ['-m64', undefined],
    ['-DX=-fconserve-stack', undefined],
    ['-Wpacked', undefined],
    ['-M64', undefined],
  ])('%s: %s', (option, why) => {
    expect(leftOut(clangd!, 'gcc')(option)).toBe(why);
  });

  it('leaves Clang its own options', () => {
    const why = leftOut(clangd!, 'clang');
    expect(why('-ftrivial-auto-var-init=zero')).toBeUndefined();
    expect(why('-Wp,-MMD,x')).toBe('no use');
  });

  it('takes a pattern for what it says', () => {
    const why = leftOut(
      { name: 'x', never: ['-f.x', '-W[ab]*', '-a(b)+'], gcc: [], add: [] },
      'gcc',
    );
    expect(['-f.x', '-fax', '-Wa1', '-Wc', '-a(b)+', '-ab', 'x-f.x'].map(why)).toEqual([
      'no use',
      undefined,
      'no use',
      undefined,
      'no use',
      undefined,
      undefined,
    ]);
  });
});
