import { describe, expect, it } from 'vitest';
import { runnerCommands } from '../../../test/support/runner-commands.js';
import { InertText } from './inert-text.js';

const hostile = [
  '::error::x',
  '  \t::add-mask::x',
  '\u00a0\u2003::error::x',
  '\ufeff\u200b::error::x',
  'said\n::error file=a::x\n',
  'said\r::set-env name=PATH::x',
  'said\r\n   ::stop-commands::x',
  'a ##[error]x',
  '###[add-path]/x',
  '::error::a\n::error::b ##[error]c',
];

describe('InertText', () => {
  it.each(hostile)('lets no command through: %j', (text) => {
    expect(runnerCommands(text)).not.toEqual([]);
    expect(runnerCommands(new InertText().of(text))).toEqual([]);
  });

  it('lets none through that comes in pieces', () => {
    for (const text of hostile) {
      for (let at = 1; at < text.length; at++) {
        const inert = new InertText();
        const given = inert.of(text.slice(0, at)) + inert.of(text.slice(at));
        expect(runnerCommands(given), JSON.stringify([text, at])).toEqual([]);
      }
      const inert = new InertText();
      const bySign = Array.from(text, (sign) => inert.of(sign)).join('');
      expect(runnerCommands(bySign), text).toEqual([]);
    }
  });

  it('leaves all else as it is', () => {
    for (const text of [
      '',
      'a.c:1:2: error: x',
      'std::move',
      ':: ',
      '# [x]',
      'a\n\n b\n',
      '#[x]',
    ]) {
      expect(new InertText().of(text).replace('\\::', '::')).toBe(text);
    }
    expect(new InertText().of('a.c: std::move ::x')).toBe('a.c: std::move ::x');
  });

  it('keeps the value of a document', () => {
    const value = { a: '##[error]x', '##[b]': '::error::x\n::error::y' };
    const text = new InertText(true).of(`${JSON.stringify(value, null, 2)}\n`);
    expect(runnerCommands(text)).toEqual([]);
    expect(JSON.parse(text)).toEqual(value);
  });
});
