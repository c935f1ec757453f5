import { describe, expect, it } from 'vitest';
import { editorArguments } from './editor-arguments.js';
import type { HostPaths } from './host-paths.js';

/** All of /build lies in /host, but for what is called `none`. */
const find = (path: string) =>
  /^\/build(\/|$)/.test(path) && !path.includes('none') ? `/host${path.slice(6)}` : undefined;
const paths: HostPaths = {
  find,
  findOwn: find,
  findIncludes: (path) => [find(path) ?? []].flat(),
  rewrite: (text) => text.replaceAll('/build/', '/host/'),
};
const isForeign = (option: string) =>
  /^(--param.*|-fgcc)$/.test(option)
    ? ('GCC' as const)
    : option === '-pipe'
      ? ('no use' as const)
      : undefined;

const read = (...words: string[]) => {
  const { words: kept, leftOut } = editorArguments(
    [...words, '-c', '/build/p/a.c'],
    '/build/p/a.c',
    '/build/p',
    paths,
    isForeign,
  );
  return { kept, leftOut: leftOut.map(({ option, why }) => `${option}: ${why}`) };
};

describe('editorArguments', () => {
  it.each<[string, string[], string[]]>([
    [
      'paths of headers',
      ['-I/build/p/x', '-I', '/build/x', '-Ix', '-I../y', '-I.'],
      ['-I/host/p/x', '-I/host/x', '-I/host/p/x', '-I/host/y', '-I/host/p'],
    ],
    [
      'other paths of headers',
      ['-iquotex', '-isystem', 'y', '-idirafter/build/z'],
      ['-iquote', '/host/p/x', '-isystem', '/host/p/y', '-idirafter', '/host/z'],
    ],
    [
      'files',
      ['-include', './x.h', '-imacros', '/build/y.h'],
      ['-include', '/host/p/x.h', '-imacros', '/host/y.h'],
    ],
    [
      'macros',
      ['-D', 'A="/build/p"', '-DB=/build/q', '-DC', '-U', 'D', '-UE'],
      ['-DA="/host/p"', '-DB=/host/q', '-DC', '-U', 'D', '-UE'],
    ],
    [
      'what is made',
      ['-o', '/build/p/a.o', '-MF', 'x', '-MT', 'y', '-c', '-ox', '-L/build/l', '-B', '/build/b'],
      [],
    ],
    [
      'a language',
      ['-x', 'assembler-with-cpp', '-Xclang', '-fx'],
      ['-x', 'assembler-with-cpp', '-Xclang', '-fx'],
    ],
    [
      'paths after =',
      ['-fprofile-list=/build/p/x', '-fx=./y', '--sysroot=/build/s', '-mtune=generic'],
      ['-fprofile-list=/host/p/x', '-fx=/host/p/y', '--sysroot=/host/s', '-mtune=generic'],
    ],
    ['other files', ['/build/p/b.c'], ['/host/p/b.c']],
    ['what has no use', ['-pipe', '-O2'], ['-O2']],
  ])('%s', (_, words, kept) => {
    expect(read(...words)).toEqual({ kept, leftOut: [] });
  });

  it('says what it leaves out, and why', () => {
    const words = [
      '-fgcc',
      '--param',
      'x=1',
      '--param=y',
      '-I/build/none',
      '-include',
      'none.h',
      '-fx=/none',
      '/none.c',
      '-O2',
    ];
    expect(read(...words)).toEqual({
      kept: ['-O2'],
      leftOut: [
        ...['-fgcc: GCC', '--param x=1: GCC', '--param=y: GCC', '-I /build/none: no path'],
        ...['-include none.h: no path', '-fx=/none: no path', '/none.c: no path'],
      ],
    });
  });

  it("takes the editor's own headers for the compiler's", () => {
    for (const system of [
      '/usr/lib/gcc/x86_64-linux-gnu/10/include',
      '/usr/lib/gcc-cross/aarch64-linux-gnu/12/include',
      '/usr/lib/llvm-14/lib/clang/14.0.6/include',
    ]) {
      expect(read('-nostdinc', '-isystem', system)).toEqual({
        kept: ['-nostdlibinc'],
        leftOut: [],
      });
    }
    expect(read('-nostdinc')).toEqual({ kept: ['-nostdinc'], leftOut: [] });
  });

  it.each([[['-I']], [['-D']], [['-x']], [['--param']], [['-o']]])(
    'bears an end where it expects none: %j',
    (words) => {
      const { words: kept } = editorArguments(words, '', '/', paths, isForeign);
      expect(kept.every((word) => typeof word === 'string')).toBe(true);
    },
  );
});
