import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { sourceOf } from './bytes.js';
import { findSignature, signatureTrailer } from './signature.js';

const content = Buffer.from('the bytes of a module');
const message = Buffer.from('a PKCS#7 message');

/** As scripts/sign-file.c writes it: 8 bytes, of which the third says PKCS#7, then the length. */
const trailerOf = (length: number) =>
  Buffer.concat([
    Buffer.from('0000020000000000', 'hex'),
    Buffer.from(length.toString(16).padStart(8, '0'), 'hex'),
    Buffer.from('~Module signature appended~\n'),
  ]);

describe('signatureTrailer', () => {
  it.each([0, 1, 0x1a2, 0x12345678])(
    'is what sign-file writes after a message of %i bytes',
    (length) => {
      expect(Buffer.from(signatureTrailer(length))).toEqual(trailerOf(length));
    },
  );
});

describe('findSignature', () => {
  it('takes an appended signature apart', () => {
    const signed = Buffer.concat([content, message, trailerOf(message.length)]);
    const found = findSignature(signed);
    expect(found?.contentLength).toBe(content.length);
    expect(found?.idType).toBe(2);
    expect(found?.plain).toBe(true);
    expect(Buffer.from(found?.message ?? [])).toEqual(message);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'tells that the header says more than PKCS#7 (byte %i)',
    (offset) => {
      const signed = Buffer.concat([content, message, trailerOf(message.length)]);
      const at = content.length + message.length + offset;
      signed[at] = (signed[at] ?? 0) ^ 1;
      const found = findSignature(signed);
      expect(found?.plain).toBe(false);
      expect(found?.idType).toBe(offset === 2 ? 3 : 2);
    },
  );

  it('reads the end of the file and nothing else', () => {
    const signed = Buffer.concat([content, message, trailerOf(message.length)]);
    const source = sourceOf(signed);
    const starts: number[] = [];
    const read = (offset: number, length: number) => {
      starts.push(offset);
      return source.read(offset, length);
    };
    findSignature({ size: signed.length, read });
    expect(Math.min(...starts)).toBe(content.length);
  });

  it('finds the last of several, whose content holds the others', () => {
    const once = Buffer.concat([content, message, trailerOf(message.length)]);
    const twice = Buffer.concat([once, Buffer.from('second'), trailerOf(6)]);
    expect(findSignature(twice)?.contentLength).toBe(once.length);
  });

  it.each([
    ['an unsigned module', content],
    ['an empty file', Buffer.alloc(0)],
    ['a marker without its newline', Buffer.from('~Module signature appended~')],
    ['a marker that is not at the end', Buffer.concat([trailerOf(0), Buffer.from('\n')])],
  ])('finds none in %s', (_, bytes) => {
    expect(findSignature(bytes)).toBeUndefined();
  });

  it('refuses a marker before which no header has room', async () => {
    for (let cut = 1; cut <= 12; cut++) {
      const error = await kbuildErrorOf(() => findSignature(trailerOf(0).subarray(cut)));
      expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
      expect(error.message).toContain('no room');
    }
  });

  it('refuses a length that is more than the file has', async () => {
    const claimed = content.length + message.length + 1;
    const bytes = Buffer.concat([content, message, trailerOf(claimed)]);
    const error = await kbuildErrorOf(() => findSignature(bytes));
    expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
    const headerAt = content.length + message.length;
    expect(error.message).toContain(`offset ${headerAt} says ${claimed} bytes`);
  });

  it('reads the length as unsigned', async () => {
    const bytes = Buffer.concat([content, trailerOf(0xffffffff)]);
    const error = await kbuildErrorOf(() => findSignature(bytes));
    expect(error.message).toContain('4294967295 bytes');
  });
});
