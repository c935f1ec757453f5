import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { parseSelector, selects } from './selector.js';

const read = (text: string) => parseSelector(text, `debian:bookworm/${text}`);

describe('parseSelector', () => {
  it.each([
    ['latest', { text: '', latest: true, match: { kind: 'stock' } }],
    [
      '6.1.0-56-arm64',
      {
        text: '6.1.0-56-arm64',
        latest: false,
        match: { kind: 'release', release: '6.1.0-56-arm64' },
      },
    ],
    [
      '6.12~rc1+deb13^2-amd64',
      {
        text: '6.12~rc1+deb13^2-amd64',
        latest: false,
        match: { kind: 'release', release: '6.12~rc1+deb13^2-amd64' },
      },
    ],
    [
      '*-cloud-*',
      { text: '*-cloud-*', latest: false, match: { kind: 'glob', pattern: '*-cloud-*' } },
    ],
    [
      '6.1.0-5[!5]-*/latest',
      { text: '6.1.0-5[!5]-*', latest: true, match: { kind: 'glob', pattern: '6.1.0-5[!5]-*' } },
    ],
    [
      '6.1.0-50..6.1.0-56',
      {
        text: '6.1.0-50..6.1.0-56',
        latest: false,
        match: { kind: 'range', from: '6.1.0-50', to: '6.1.0-56' },
      },
    ],
    ['6.1../latest', { text: '6.1..', latest: true, match: { kind: 'range', from: '6.1' } }],
    ['..6.1', { text: '..6.1', latest: false, match: { kind: 'range', to: '6.1' } }],
  ])('reads %s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    '..',
    '../latest',
    '/latest',
    'latest/latest/latest',
    'a b',
    '$(reboot)',
    '`id`',
    "6.1'",
    '6.1/../../etc',
    '6.1.0/amd64',
    '../../etc/passwd',
    '1..2..3',
    '6.1.*..6.2',
    '....',
    '6.1\n',
    '6.1\\',
    'größe',
  ])('refuses %j, and names the whole reference', async (text) => {
    const error = await kbuildErrorOf(() => read(text));
    expect(error.code).toBe('KERNEL_REF');
    expect(error.message).toContain(`'debian:bookworm/${text}' is no kernel reference`);
    expect(error.hint).toContain('a glob (*-cloud-*)');
  });
});

describe('selects', () => {
  const releases = [
    '5.10.0-46-amd64',
    '6.1.0-50-amd64',
    '6.1.0-56-amd64',
    '6.1.0-56-rt-amd64',
    '6.1.0-560-amd64',
    '6.10.3-amd64',
    '6.12.107+deb13-amd64',
    '6.12~rc1-amd64',
  ];
  const stock = '6.1.0-56-amd64';
  const selected = (text: string) => {
    const selector = read(text);
    return releases.filter((release) => selects(selector, release, release === stock));
  };

  it.each([
    ['latest', [stock]],
    ['6.1.0-50-amd64', ['6.1.0-50-amd64']],
    ['6.1.0-5', []],
    ['*-rt-*', ['6.1.0-56-rt-amd64']],
    ['6.1.*', releases.slice(1, 5)],
    // An end of a range names all flavours of it, and all versions below it.
    ['6.1.0-50..6.1.0-56', releases.slice(1, 4)],
    ['..6.1', releases.slice(0, 5)],
    ['6.1..6.1', releases.slice(1, 5)],
    ['6.10..', [...releases.slice(5, 8)]],
    ['6.12..', ['6.12.107+deb13-amd64']],
    ['6.1.0-56..6.1.0-50', []],
  ])('%s', (text, expected) => {
    expect(selected(text)).toEqual(expected);
  });
});
