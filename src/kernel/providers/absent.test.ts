import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { isAbsent, knownAbsent, noteAbsent } from './absent.js';

const record = () => join(temporaryDirectory(), 'kernels/6.1.0.json');
const failure = (why: string) => new KbuildError('FETCH_FAILED', why, 'Check the network.');

const missing = failure('x could not be fetched from debian:bookworm: 404  Not Found');
const silent = failure('E: Temporary failure resolving mirror');

describe('isAbsent', () => {
  it('tells a file that the mirror lacks from one that is not got for another reason', () => {
    expect(isAbsent(missing)).toBe(true);
    expect(isAbsent(failure('Status code: 404 for http://mirror/x.rpm'))).toBe(true);
    for (const why of [
      'Hash Sum mismatch',
      '403  Forbidden',
      'x_6.1.4040-1.deb: timeout',
      'x 6.1.404-1: x',
      'x 404-1: x',
    ]) {
      expect(isAbsent(failure(why))).toBe(false);
    }
  });
});

describe('what is known to be absent', () => {
  it('is nothing at first', () => {
    expect(knownAbsent(record(), 0)).toBeUndefined();
  });

  it('is what the mirror did not have, and fails as it did before', async () => {
    const path = record();
    await noteAbsent(path, missing);
    expect(knownAbsent(path, 0)?.toReport()).toEqual(missing.toReport());
    expect(knownAbsent(path, 0)).toBeInstanceOf(KbuildError);
  });

  it('is known no more when the index was read after that', async () => {
    const path = record();
    await noteAbsent(path, missing);
    utimesSync(`${path}.absent`, 1000, 1000);
    expect(knownAbsent(path, 999_999)).toBeDefined();
    expect(knownAbsent(path, 1_000_000)).toBeUndefined();
  });

  it('is nothing after any other failure', async () => {
    const path = record();
    await noteAbsent(path, silent);
    expect(knownAbsent(path, 0)).toBeUndefined();
    expect(existsSync(`${path}.absent`)).toBe(false);
  });
});
