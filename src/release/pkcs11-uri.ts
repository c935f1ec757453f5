import { KbuildError } from '../errors/kbuild-error.js';

/** A PKCS#11 URI, taken apart so that its secret travels alone. */
export interface Pkcs11Uri {
  /** The URI without `pin-value`, `pin-source` and `module-path`: may be shown. */
  uri: string;
  /** `pin-value`. */
  pin?: string;
  /** `pin-source`: a path. */
  pinFile?: string;
  /** `module-path`: the PKCS#11 library to load. */
  modulePath?: string;
}

/** What is taken out of a URI. */
const apart = new Set(['pin-value', 'pin-source', 'module-path']);

export function isPkcs11Uri(text: string): boolean {
  return /^pkcs11:/i.test(text);
}

/**
 * Takes a PKCS#11 URI apart (RFC 7512). A PIN is found behind the `?`, where it belongs, and
 * before it, where libp11 allows it. What hides a PIN in any other way is refused, so that what is
 * left never holds one. No message repeats anything of the URI.
 * @throws KbuildError SIGN_KEY
 */
export function parsePkcs11Uri(text: string): Pkcs11Uri {
  const [path = '', ...queries] = text.slice('pkcs11:'.length).split('?');
  const taken = new Map<string, string>();
  const keep = (attribute: string): boolean => {
    const [name = '', ...rest] = attribute.split('=');
    if (!apart.has(name)) return attribute !== '';
    if (taken.has(name)) throw malformed(`${name} stands in it twice`);
    taken.set(name, decode(rest.join('=')));
    return false;
  };
  const attributes = path.split(';').filter(keep);
  const query = queries.join('?').split(/[&;]/).filter(keep);
  const uri = `pkcs11:${attributes.join(';')}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  if (/pin-?(value|source)/i.test(decode(uri))) {
    throw malformed('its pin-value or pin-source is not an attribute of its own');
  }
  if (attributes.length === 0) throw malformed('it names neither a token nor an object');
  const [pin, source] = [taken.get('pin-value'), taken.get('pin-source')];
  const modulePath = taken.get('module-path');
  return {
    uri,
    ...(pin !== undefined && { pin }),
    ...(source !== undefined && { pinFile: pinFile(source) }),
    ...(modulePath !== undefined && { modulePath }),
  };
}

/** The path that `pin-source` names: `file:/path`, `file:///path`, or as it is. */
function pinFile(source: string): string {
  if (source.startsWith('|')) throw malformed('its pin-source is a program, which is not run');
  return source.replace(/^file:(\/\/(?=\/))?/, '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw malformed('a % in it is not followed by two hexadecimal digits of UTF-8', cause);
  }
}

function malformed(why: string, cause?: unknown): KbuildError {
  return new KbuildError(
    'SIGN_KEY',
    `malformed PKCS#11 URI: ${why}`,
    "Write it as RFC 7512 does, 'pkcs11:token=…;object=…', and give the PIN by KBUILD_SIGN_PIN.",
    { cause },
  );
}
