import { createHash, verify, type X509Certificate } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';
import { keyType } from './key-type.js';
import { runOpenssl, type OpensslOutcome } from './openssl-program.js';
import {
  findPassphrase,
  passphraseHint,
  readSecretFile,
  type PassphraseSources,
} from './passphrase.js';
import { parsePkcs11Uri, type Pkcs11Uri } from './pkcs11-uri.js';
import { foreignCertificate, type KeyPairNames } from './private-key.js';
import type { SignatureHash, SigningKey } from './signing-key.js';
import { withoutSecrets } from './without-secrets.js';

/** How OpenSSL reaches tokens: its engine (until OpenSSL 3), or the provider. */
const ways = [
  ['-engine', 'pkcs11', '-keyform', 'engine'],
  ['-provider', 'pkcs11', '-provider', 'default'],
] as const;
/** What it says where it does not have one of them: then no PIN was tried. */
const wayMissing =
  /invalid engine|no such engine|unable to load provider|unknown option: -(engine|provider)/i;

/**
 * Opens a key on a PKCS#11 token. It signs a probe at once, so that a wrong PIN or key is found
 * before there is work to lose, and with one try, since tokens lock after some.
 * @throws KbuildError SIGN_KEY for a wrong URI, PIN or certificate, SIGN_PKCS11 if the token or
 *   OpenSSL's support for it is missing
 */
export async function openPkcs11Key(
  { key: text, cert }: KeyPairNames,
  certificate: X509Certificate,
  sources: PassphraseSources,
): Promise<SigningKey> {
  const parsed = parsePkcs11Uri(text);
  const type = keyType(certificate.publicKey, cert);
  const pin = await pinOf(parsed, sources);
  const environment = childEnvironment(parsed, sources.environment);
  const pkeyutl = (way: readonly string[], digest: Buffer, hash: SignatureHash) =>
    runOpenssl(
      [
        ...['pkeyutl', '-sign', ...way, '-inkey', parsed.uri],
        ...['-passin', 'fd:3', '-pkeyopt', `digest:${hash}`],
      ],
      { input: digest, secret: pin, environment },
    );
  let way: (typeof ways)[number] | undefined;
  const signRaw = async (content: Uint8Array, hash: SignatureHash): Promise<Uint8Array> => {
    const digest = createHash(hash).update(content).digest();
    for (const candidate of way === undefined ? ways : [way]) {
      const outcome = await pkeyutl(candidate, digest, hash);
      if (outcome.stdout.length === 0 && wayMissing.test(outcome.stderr)) continue;
      way = candidate;
      // Libraries of tokens are known to crash when the work is done: the signature tells.
      if (outcome.stdout.length === 0 || outcome.late) throw refused(parsed, outcome);
      if (verify(hash, content, certificate.publicKey, outcome.stdout)) return outcome.stdout;
      throw foreignCertificate({ key: parsed.uri, cert });
    }
    throw noSupport();
  };
  await signRaw(Buffer.from('kbuild-ts'), 'sha256');
  return { type, sign: signRaw };
}

/** The caller's environment without the PIN, and the token's library where both ways look for it. */
function childEnvironment(
  { modulePath }: Pkcs11Uri,
  environment: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const rest = withoutSecrets(environment);
  const library = modulePath ?? rest.PKCS11_MODULE_PATH ?? rest.PKCS11_PROVIDER_MODULE;
  return {
    ...rest,
    LC_ALL: 'C',
    ...(library !== undefined && { PKCS11_MODULE_PATH: library, PKCS11_PROVIDER_MODULE: library }),
  };
}

async function pinOf(
  { uri, pin, pinFile }: Pkcs11Uri,
  sources: PassphraseSources,
): Promise<string> {
  const found =
    pin ??
    (pinFile === undefined
      ? await findPassphrase(`PIN for ${uri}`, sources)
      : readSecretFile(pinFile));
  // Without one, OpenSSL would look for a person to ask, or try what it finds on its input.
  if (found === undefined || found === '') {
    throw new KbuildError(
      'SIGN_KEY',
      `there is no PIN for ${uri}`,
      `${passphraseHint} For a token that has no PIN any text will do.`,
    );
  }
  if (!/[\0\r\n]/.test(found)) return found;
  throw new KbuildError(
    'SIGN_KEY',
    `the PIN for ${uri} holds an end of line or a zero byte`,
    'Give a PIN of one line.',
  );
}

function refused({ uri }: Pkcs11Uri, { stderr, late }: OpensslOutcome): KbuildError {
  if (/pin.{0,20}(incorrect|invalid)|CKR_PIN_(INCORRECT|INVALID|LEN_RANGE)/i.test(stderr)) {
    return new KbuildError(
      'SIGN_KEY',
      `the token refuses the PIN for ${uri}`,
      'Check the PIN. It was tried once; most tokens lock after a few tries.',
    );
  }
  if (/pin.{0,20}locked|CKR_PIN_LOCKED/i.test(stderr)) {
    return new KbuildError(
      'SIGN_KEY',
      `the PIN of the token is locked: ${uri}`,
      "Unlock it as the token's vendor says, with its security officer's PIN.",
    );
  }
  const why = late ? 'the token did not answer in time' : firstWords(stderr);
  return new KbuildError(
    'SIGN_PKCS11',
    `cannot sign with the key ${uri}: ${why}`,
    "A wrong PIN may look like a missing key. 'pkcs11-tool --list-objects' and 'p11tool --list-all' show what there is; PKCS11_MODULE_PATH, or module-path= in the URI, names the token's library.",
  );
}

/** What OpenSSL says first is nearest to the cause; its own lines of the error queue say less. */
function firstWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter((line) => line !== '' && !/^Engine ".*" set\.$/.test(line));
  return (
    lines.find((line) => !/^[0-9A-F]{8,}:error:/.test(line)) ?? lines[0] ?? 'openssl says nothing'
  );
}

function noSupport(): KbuildError {
  return new KbuildError(
    'SIGN_PKCS11',
    'this OpenSSL has no support for PKCS#11 tokens: neither its engine nor its provider can be loaded',
    'Install it: on Debian libengine-pkcs11-openssl or, from Debian 13, pkcs11-provider; on Fedora pkcs11-provider.',
  );
}
