import { describe, expect, it } from 'vitest';
import { quoteParameter, splitParameters } from './parameters.js';

describe('splitParameters', () => {
  it.each([
    ['', []],
    ['  a=1   b ', ['a=1', 'b']],
    ['a="x y" "b=p q" c', ['a="x y"', '"b=p q"', 'c']],
    ['a="never ends b=1', ['a="never ends b=1']],
    ['a=x"y z"w b', ['a=x"y z"w', 'b']],
  ])('parts %j', (text, expected) => {
    expect(splitParameters(text)).toEqual(expected);
  });
});

describe('quoteParameter', () => {
  it.each([
    ['a=1', 'a=1'],
    ['a=x y', 'a="x y"'],
    ['a="x y"', 'a="x y"'],
    ['flag', 'flag'],
  ])('gives %j as the kernel reads it', (parameter, expected) => {
    expect(quoteParameter(parameter)).toBe(expected);
    expect(splitParameters(expected)).toEqual([expected]);
  });
});
