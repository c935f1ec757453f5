import { describe, expect, it } from 'vitest';
import { addr2lineScript, parseAddr2line } from './addr2line-script.js';

const queries = [
  { file: '/debug/0', section: '.text', addresses: [12n, 16n] },
  { file: '/debug/0', section: '.init.text', addresses: [10n] },
  { file: '/debug/1', addresses: [0xffffffff81003a2fn] },
];

describe('what addr2line prints', () => {
  it('is taken apart by query and address; what it does not know is nothing', () => {
    const output = `query 0
0x000000000000000c
write_to
/build/hello/hello.c:10
fill
/build/hello/hello.c:15 (discriminator 3)
0x0000000000000010
??
??:0
query 1
0x000000000000000a
hello_init
/build/hello/hello.c:?
query 2
0xffffffff81003a2f
_stext
arch/x86/kernel/head_64.S:60
`;
    expect(parseAddr2line(output, queries)).toEqual([
      [
        [
          { file: '/build/hello/hello.c', line: 10 },
          { file: '/build/hello/hello.c', line: 15 },
        ],
        [],
      ],
      [[]],
      [[{ file: 'arch/x86/kernel/head_64.S', line: 60 }]],
    ]);
    expect(parseAddr2line('', queries)).toEqual([[[], []], [[]], [[]]]);
  });
});

describe('the script', () => {
  it('asks for the addresses of a section, and for those of a linked file', () => {
    const script = addr2lineScript(queries, 'aarch64-linux-gnu');
    expect(script).toContain('aarch64-linux-gnu-addr2line -a -f -i -e /debug/0 -j .text 0xc 0x10');
    expect(script).toContain('aarch64-linux-gnu-addr2line -a -f -i -e /debug/1 0xffffffff81003a2f');
  });
});
