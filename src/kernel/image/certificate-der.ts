interface Element {
  tag: number;
  content: number;
  end: number;
}

const sequence = 0x30;
const bitString = 0x03;

/** The header of a DER element (X.690); lengths of up to two bytes, as certificates have them. */
function readElement(bytes: Buffer, at: number, limit: number): Element | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined || first > 0x82 || first === 0x80) return undefined;
  const more = first < 0x80 ? 0 : first - 0x80;
  const content = at + 2 + more;
  if (content > limit) return undefined;
  const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
  const end = content + length;
  return end > limit ? undefined : { tag, content, end };
}

/**
 * The size of the X.509 certificate that begins at an offset, or undefined if none does. Looks at the
 * outermost elements only (RFC 5280, 4.1), to be fast where there is none. Like the kernel
 * (x509_load_certificate_list) it knows only certificates of 256 bytes and more.
 */
export function certificateSize(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] !== sequence || bytes[at + 1] !== 0x82) return undefined;
  const whole = readElement(bytes, at, bytes.length);
  if (whole === undefined) return undefined;
  const content = readElement(bytes, whole.content, whole.end);
  if (content?.tag !== sequence) return undefined;
  const algorithm = readElement(bytes, content.end, whole.end);
  if (algorithm?.tag !== sequence) return undefined;
  const signature = readElement(bytes, algorithm.end, whole.end);
  if (signature?.tag !== bitString || signature.end !== whole.end) return undefined;
  return whole.end - at;
}
