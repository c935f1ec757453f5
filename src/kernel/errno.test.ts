import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoMeanings, explainErrno, isErrnoName } from './errno.js';

describe('errnoMeanings', () => {
  it('has names that this machine has too, but for those that Node does not tell', () => {
    const untold = ['ENOTBLK', 'EUSERS', 'ESHUTDOWN', 'EHOSTDOWN', 'EREMOTEIO', 'ENOPKG'];
    const keys = ['ENOKEY', 'EKEYEXPIRED', 'EKEYREVOKED', 'EKEYREJECTED'];
    const others = ['EOWNERDEAD', 'ENOTRECOVERABLE', 'ERFKILL', 'EHWPOISON', 'EPROBE_DEFER'];
    const known = new Set([...Object.keys(constants.errno), ...untold, ...keys, ...others]);
    expect(Object.keys(errnoMeanings).filter((name) => !known.has(name))).toEqual([]);
  });

  it('explains a name, and leaves what it does not know', () => {
    expect(explainErrno('EINVAL')).toBe('EINVAL (an invalid argument or parameter)');
    expect(explainErrno('E999')).toBe('E999');
    expect(isErrnoName('toString')).toBe(false);
  });
});
