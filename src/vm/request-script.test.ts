import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { testCaseOf } from '../../test/support/case-values.js';
import { requestScript, shellPattern } from './request-script.js';
import type { Load, RequestTable } from './test-case.js';

const load = (name: string, parameters: string[] = [], required = true): Load => ({
  module: { name, file: `/m/${name}.ko`, role: 'tested' },
  parameters,
  required,
});

/** What a guest's modprobe would load for a name: the script, run by a shell of this machine. */
function served(name: string, requests: RequestTable, fails: string[] = []) {
  const script = requestScript(
    testCaseOf(['first'], { requests }),
    'n0',
    new Map([
      ['/m/first.ko', 'modules/0.ko'],
      ['/m/second.ko', 'modules/1.ko'],
    ]),
  );
  const around = `kt_say() { echo "$kt_nonce $*"; }
kt_serve() { echo "$@"; case " ${fails.join(' ')} " in *" $2 "*) [ $4 = optional ] ;; esac; }
kt_known= kt_asked=$1 kt_name=$2
${script}
echo "known: $kt_known"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', around, 'sh', name, name], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const [said = '', ...lines] = stdout.trim().split('\n');
  expect(said).toMatch(/^n0 asked \d+ /);
  return lines;
}

describe('requestScript', () => {
  const requests: RequestTable = {
    lookups: [
      [{ pattern: 'banned' }],
      [
        { pattern: 'first', module: 'first' },
        { pattern: 'second', module: 'second' },
      ],
      [
        { pattern: 'crypto_hmac(streebog512)', module: 'second' },
        { pattern: 'pci:v*d0000001[0-4]*', module: 'second' },
        { pattern: 'pci:v00001*', module: 'first' },
        { pattern: 'esac', module: 'first' },
        { pattern: "it's", module: 'first' },
      ],
    ],
    loads: { first: [load('first', ['label=a b'])], second: [load('first'), load('second')] },
  };
  const second = ['0 first /modules/0.ko required', '1 second /modules/1.ko required'];

  it('loads what a name stands for, with what that needs, in order, by numbers that the case has for them', () => {
    expect(served('second', requests)).toEqual([...second, 'known: yes']);
    expect(served('first', requests)).toEqual([
      '0 first /modules/0.ko required label=a b',
      'known: yes',
    ]);
  });

  it('loads what an alias stands for, whatever signs there are in it', () => {
    expect(served('crypto_hmac(streebog512)', requests)).toEqual([...second, 'known: yes']);
    expect(served('pci:v00002d00000013sv', requests)).toEqual([...second, 'known: yes']);
    expect(served('pci:v00001d00000013sv', requests)).toHaveLength(4); // both
    expect(served('esac', requests)).toHaveLength(2);
    expect(served("it's", requests)).toHaveLength(2);
  });

  it('says of other names that nobody is called so, and loads nothing for one that is banned', () => {
    expect(served('crypto_hmac', requests)).toEqual(['known:']);
    expect(served('pci:v00002d00000015', requests)).toEqual(['known:']);
    expect(served('banned', requests)).toEqual(['known: yes']);
    expect(served('anything', { lookups: [], loads: {} })).toEqual(['known:']);
  });

  it('goes on without what is optional alone', () => {
    expect(served('second', requests, ['first'])).toEqual([second[0], 'known: yes']);
    const soft: RequestTable = {
      ...requests,
      loads: { second: [load('first', [], false), load('second')], first: [] },
    };
    expect(served('second', soft, ['first'])).toHaveLength(3);
  });
});

describe('shellPattern', () => {
  it.each([
    ['usb:v1D6Bp*d*', 'usb:v1D6Bp0002d0510', true],
    ['usb:v1D6Bp*d*', 'usb:v1D6Cp0002d0510', false],
    ['of:N*T*Cacme,x(1)|y', 'of:NaTbCacme,x(1)|y', true],
    ['of:N*T*Cacme,x(1)|y', 'of:NaTbCacme,x(1)', false],
    ['a?[b-d]', 'axc', true],
    ['a?[!b-d]', 'axc', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['$HOME `x` "y" \\\\', '$HOME `x` "y" \\', true],
  ])('%s: %s is %s', (glob, name, isMatch) => {
    const script = `case $1 in ${shellPattern(glob)}) echo true ;; *) echo false ;; esac`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', name], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(String(isMatch));
  });
});
