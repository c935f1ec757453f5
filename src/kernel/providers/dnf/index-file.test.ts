import { describe, expect, it } from 'vitest';
import { fileStem, nevra, parseDnfIndex } from './index-file.js';

const hash = 'ab'.repeat(32);

describe('parseDnfIndex', () => {
  it('joins what repoquery and the metadata say of a package, each once', () => {
    const line = 'package|kernel-devel|0|6.11.4|301.fc41|x86_64|21500000';
    const text = [line, line, `sha256|kernel-devel|0|6.11.4|301.fc41|x86_64|${hash}`, ''].join(
      '\n',
    );
    expect(parseDnfIndex(text)).toEqual([
      {
        name: 'kernel-devel',
        version: '6.11.4-301.fc41',
        architecture: 'x86_64',
        upstream: '6.11.4',
        release: '301.fc41',
        size: 21500000,
        sha256: hash,
      },
    ]);
  });

  it('gives no hash where repositories differ in it', () => {
    const of = (value: string) => `sha256|k|0|1|1|noarch|${value}`;
    const [item] = parseDnfIndex(
      ['package|k|0|1|1|noarch|5', of(hash), of('0'.repeat(64))].join('\n'),
    );
    expect(item).toMatchObject({ name: 'k', size: 5 });
    expect(item).not.toHaveProperty('sha256');
  });

  it('writes an epoch as dnf takes it, and leaves it out of the name of the file', () => {
    const [item] = parseDnfIndex('package|k|2|1.0|3|aarch64|');
    expect(nevra(item!)).toBe('k-2:1.0-3.aarch64');
    expect(fileStem(item!)).toBe('k-1.0-3.aarch64');
    expect(item).not.toHaveProperty('size');
  });

  it('passes over what is no package: other words, half lines, names that a shell would mind', () => {
    const lines = [
      'Last metadata expiration check: 0:00:01 ago',
      'package|kernel-devel|0|6.1',
      'package||0|6.1|1|x86_64|1',
      'package|$(reboot)|0|6.1|1|x86_64|1',
      'package|k|0|../../etc|1|x86_64|1',
      'package|k|0; reboot|6.1|1|x86_64|1',
      `sha256|k|0|6.1|1|x86_64|${hash}`,
      'sha256|k|0|6.1|1|x86_64|deadbeef',
    ];
    expect(parseDnfIndex(lines.join('\n'))).toEqual([]);
  });
});
