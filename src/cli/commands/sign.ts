import { KbuildError } from '../../errors/kbuild-error.js';
import { defineCommand, type CommandContext } from '../command.js';
import { jsonOption } from '../options.js';

const hashes = [
  ...(['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const),
  ...(['sha3-256', 'sha3-384', 'sha3-512'] as const),
];

export const signCommand = defineCommand({
  usage: 'sign <file..>',
  summary: 'Sign kernel modules, verify their signatures, or take them off',
  positionals: (argv) =>
    argv.positional('file', { type: 'string', describe: 'Kernel modules (.ko), not compressed' }),
  options: {
    key: {
      string: true,
      requiresArg: true,
      describe: 'Private key: a PEM file, or a PKCS#11 URI (pkcs11:token=…;object=…)',
    },
    cert: {
      string: true,
      array: true,
      requiresArg: true,
      describe: 'X.509 certificate, PEM or DER; with --verify as many as you like',
    },
    hash: { choices: hashes, default: 'sha512' as const, describe: 'Hash' },
    detached: {
      boolean: true,
      default: false,
      describe: 'Write the signature to FILE.p7s, and leave FILE as it is',
    },
    out: {
      string: true,
      requiresArg: true,
      alias: ['o', 'output'],
      describe: 'Directory, or for one file a file, to write to; default: in place',
    },
    'passphrase-file': {
      string: true,
      requiresArg: true,
      describe: 'File whose first line is the passphrase of the key, or the PIN of the token',
    },
    verify: {
      boolean: true,
      default: false,
      describe: 'Verify the signatures with --cert; exits with 3 if one is not valid',
    },
    remove: { boolean: true, default: false, describe: 'Take the signatures off' },
    ...jsonOption,
  },
  examples: [
    ['sign *.ko --key keys/signing_key.pem --cert keys/signing_cert.pem', 'Sign in place'],
    ['sign --verify *.ko --cert keys/signing_cert.pem', 'Verify'],
  ],
  async run(argv, context) {
    const files = [argv.file].flat().map(String);
    const request = { ...argv, files, output: argv.out, passphraseFile: argv['passphrase-file'] };
    if (argv.verify && argv.remove) throw usage('--verify and --remove exclude each other');
    if (argv.verify) return verify(request);
    return argv.remove ? remove(request, context) : sign(request, context);
  },
});

interface Request {
  files: string[];
  key?: string | undefined;
  cert?: string[] | undefined;
  hash: (typeof hashes)[number];
  detached: boolean;
  output?: string | undefined;
  passphraseFile?: string | undefined;
  json: boolean;
}

async function sign(request: Request, { signal }: CommandContext): Promise<0> {
  const { key, cert, passphraseFile } = request;
  const [certificate, ...more] = cert ?? [];
  if (key === undefined || certificate === undefined || more.length > 0) {
    throw usage('signing needs one --key and one --cert');
  }
  // A PIN in the URI would stand in the process list for as long as this runs.
  if (/pin-value/i.test(key)) process.title = 'kbuild-ts sign';
  const [{ signFiles }, { passphraseReader }] = await Promise.all([
    import('../../workflow/sign.js'),
    import('../read-passphrase.js'),
  ]);
  const passphrases = {
    file: passphraseFile,
    environment: process.env,
    readPassphrase: passphraseReader(signal),
  };
  const signed = await signFiles({ ...request, key, cert: certificate, passphrases, signal });
  if (request.json) return printJson({ files: signed });
  await printLines(
    signed.map(({ output, signature: { signer, hash } }) => [
      output,
      `${request.detached ? 'detached signature' : 'signed'} by '${signer}' (${hash})`,
    ]),
  );
  return 0;
}

async function remove(request: Request, { signal }: CommandContext): Promise<0> {
  if (request.detached || request.key !== undefined) {
    throw usage('--remove takes attached signatures off, and needs no key');
  }
  const { removeSignatures } = await import('../../workflow/sign.js');
  const written = await removeSignatures({ ...request, signal });
  if (request.json) return printJson({ files: written });
  await printLines(written.map(({ output }) => [output, 'without signature']));
  return 0;
}

async function verify({ files, cert, detached, json, ...other }: Request): Promise<0 | 3> {
  if (cert === undefined) throw usage('--verify needs a --cert: a signature proves nothing alone');
  if (other.key !== undefined || other.output !== undefined) {
    throw usage('--verify writes nothing and needs no key');
  }
  const { verifyFiles } = await import('../../workflow/verify-signatures.js');
  const verified = await verifyFiles(files, cert, detached);
  const exit = verified.every(({ status }) => status === 'valid') ? 0 : 3;
  if (json) {
    printJson({ files: verified });
    return exit;
  }
  await printLines(
    verified.map(({ path, status, reason, signature }) => [
      path,
      [
        words[status],
        signature &&
          `${status === 'valid' ? 'signed ' : ''}by '${signature.signer}' (${signature.hash}, key ${signature.keyId})`,
        reason && `: ${reason}`,
      ]
        .filter(Boolean)
        .join(' ')
        .replace(' :', ':'),
    ]),
  );
  return exit;
}

const words = {
  valid: 'valid,',
  unsigned: 'NOT SIGNED',
  'unknown-key': 'UNKNOWN KEY: signed',
  invalid: 'NOT VALID',
  unsupported: 'NOT VERIFIED',
};

function printJson(content: object): 0 {
  console.log(JSON.stringify({ schemaVersion: 1, ...content }, null, 2));
  return 0;
}

async function printLines(lines: [path: string, text: string][]): Promise<void> {
  const [{ displayPath }, { withoutControls }] = await Promise.all([
    import('../display-path.js'),
    import('../style.js'),
  ]);
  for (const [path, text] of lines) {
    console.log(withoutControls(`${displayPath(path)}  ${text}`));
  }
}

function usage(message: string): KbuildError {
  return new KbuildError('USAGE', message, "'kbuild-ts sign --help' shows how.");
}
