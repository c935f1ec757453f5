import { describe, expect, it } from 'vitest';
import { asKbuildError, interrupted, KbuildError } from './kbuild-error.js';

describe('KbuildError', () => {
  const cause = new Error('the reason');
  const error = new KbuildError('KDIR_NOT_FOUND', 'there is no KDIR', 'Check the path.', { cause });

  it('is an Error with its message, its cause and its name', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe('there is no KDIR');
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('KbuildError: there is no KDIR');
  });

  it('knows the exit status of its code', () => {
    expect(error.exitStatus).toBe(2);
    expect(new KbuildError('FETCH_FAILED', '', '').exitStatus).toBe(4);
  });

  it('reports code, message and hint, and nothing else', () => {
    expect(error.toReport()).toEqual({
      code: 'KDIR_NOT_FOUND',
      message: 'there is no KDIR',
      hint: 'Check the path.',
    });
  });
});

describe('asKbuildError', () => {
  it('leaves a KbuildError as it is', () => {
    const error = new KbuildError('USAGE', 'm', 'h');
    expect(asKbuildError(error)).toBe(error);
  });

  it('takes any other error for a bug of ours, with its stack to report', () => {
    const bug = new TypeError('x is not a function');
    const error = asKbuildError(bug);
    expect(error.code).toBe('INTERNAL');
    expect(error.exitStatus).toBe(70);
    expect(error.message).toContain('TypeError: x is not a function\n    at ');
    expect(error.cause).toBe(bug);
  });

  it.each([
    ['a text', 'just this', 'just this'],
    ['nothing', undefined, 'undefined'],
    ['an object', { a: 1 }, '[object Object]'],
  ])('takes %s that was thrown', (_, thrown, words) => {
    expect(asKbuildError(thrown).message).toBe(`internal error: ${words}`);
  });
});

describe('interrupted', () => {
  it('leads to the exit status that shells give for SIGINT', () => {
    expect(interrupted()).toMatchObject({ code: 'INTERRUPTED', exitStatus: 130 });
  });
});
