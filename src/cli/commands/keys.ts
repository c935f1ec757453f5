import { KbuildError } from '../../errors/kbuild-error.js';
import type { KeyKind } from '../../release/key-pair.js';
import { defineCommand } from '../command.js';
import { jsonOption } from '../options.js';

const curves = ['P-256', 'P-384', 'P-521'] as const;
const bitLengths = [2048, 3072, 4096] as const;

export const keysGenerateCommand = defineCommand({
  usage: 'generate',
  summary: 'Make a key and a certificate to sign modules with',
  options: {
    out: {
      string: true,
      requiresArg: true,
      default: 'keys',
      alias: ['o', 'output'],
      describe: 'Directory for the files',
    },
    name: {
      string: true,
      requiresArg: true,
      default: 'Kernel module signing key',
      describe: 'Common name of the certificate: who modinfo says signed a module',
    },
    algorithm: { choices: ['rsa', 'ecdsa'] as const, default: 'rsa' as const, describe: 'Kind' },
    bits: { choices: bitLengths, describe: 'Length of an RSA key; default: 4096' },
    curve: { choices: curves, describe: 'Curve of an ECDSA key; default: P-384' },
    days: { number: true, requiresArg: true, default: 36500, describe: 'Valid for so many days' },
    encrypt: { boolean: true, default: false, describe: 'Encrypt the key with a passphrase' },
    'passphrase-file': {
      string: true,
      requiresArg: true,
      describe: 'File whose first line is the passphrase; implies --encrypt',
    },
    ...jsonOption,
  },
  examples: [['keys generate --name "Example Inc. modules"', 'An RSA key of 4096 bits in keys/']],
  async run(argv, { signal }) {
    const [{ generateKeys }, { passphraseReader }, { displayPath }] = await Promise.all([
      import('../../workflow/generate-keys.js'),
      import('../read-passphrase.js'),
      import('../display-path.js'),
    ]);
    const file = argv['passphrase-file'];
    const encrypt = (argv.encrypt || file !== undefined) && {
      file,
      environment: process.env,
      readPassphrase: passphraseReader(signal, { twice: true }),
    };
    const keys = await generateKeys({
      directory: argv.out,
      kind: keyKind(argv),
      name: argv.name,
      days: checkDays(argv.days),
      encrypt: encrypt || undefined,
    });
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, ...keys }, null, 2));
      return 0;
    }
    console.log(`${displayPath(keys.key)}  private key${encrypt ? ', encrypted' : ''}: keep it`);
    console.log(`${displayPath(keys.cert)}  certificate, PEM`);
    console.log(`${displayPath(keys.x509)}  certificate, DER: for mokutil --import`);
    console.log(`key ${keys.serial}, valid to ${keys.validTo.slice(0, 10)}`);
    return 0;
  },
});

interface KindOptions {
  algorithm: 'rsa' | 'ecdsa';
  bits?: (typeof bitLengths)[number] | undefined;
  curve?: (typeof curves)[number] | undefined;
}

function keyKind({ algorithm, bits, curve }: KindOptions): KeyKind {
  if (algorithm === 'rsa' && curve === undefined) return { algorithm, bits: bits ?? 4096 };
  if (algorithm === 'ecdsa' && bits === undefined) return { algorithm, curve: curve ?? 'P-384' };
  throw new KbuildError(
    'USAGE',
    algorithm === 'rsa' ? '--curve is for ECDSA keys' : '--bits is for RSA keys',
    'Give --algorithm ecdsa --curve, or --algorithm rsa --bits.',
  );
}

/** A hundred years is what the kernel gives its own key. */
function checkDays(days: number): number {
  if (Number.isInteger(days) && days >= 1 && days <= 365_000) return days;
  throw new KbuildError('USAGE', '--days must be a number from 1 to 365000', 'Try --days 3650.');
}
