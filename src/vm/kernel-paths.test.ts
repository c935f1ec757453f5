import { describe, expect, it } from 'vitest';
import { kernelPaths } from './kernel-paths.js';

describe('files of the kernel', () => {
  it('are named from where its source lay', () => {
    const name = kernelPaths('/usr/src/linux-6.1/init/main.c');
    expect(name('/usr/src/linux-6.1/mm/slub.c')).toBe('mm/slub.c');
    expect(name('/usr/src/linux-6.1-out/include/generated/a.h')).toBe(
      '/usr/src/linux-6.1-out/include/generated/a.h',
    );
    expect(name('/home/me/hello/hello.c')).toBe('/home/me/hello/hello.c');
  });

  it('keep their names where that is not known', () => {
    for (const known of [undefined, '??', 'main.c']) {
      expect(kernelPaths(known)('/usr/src/linux-6.1/mm/slub.c')).toBe(
        '/usr/src/linux-6.1/mm/slub.c',
      );
    }
  });
});
