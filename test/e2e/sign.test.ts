import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SignedFile } from '../../src/workflow/sign.js';
import type { VerifiedFile } from '../../src/workflow/verify-signatures.js';
import { displayPath } from '../../src/cli/display-path.js';
import { kbuild, kbuildJson, root, type CliOptions } from '../support/cli.js';
import { fixtureModule } from '../support/fixture-module.js';
import { fetchedKdir, placeOf } from '../support/kdir.js';
import { cmsSign, makeKeyPair, openssl, type KeyPair } from '../support/openssl.js';
import { softHsm, type SoftHsm } from '../support/softhsm.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const bytes = fixtureModule('params-x86_64');
const keys = temporaryDirectory();

let signFile: string;
let rsa: KeyPair;
let ec: KeyPair;
let locked: KeyPair;
beforeAll(async () => {
  rsa = makeKeyPair(keys, 'rsa', { algorithm: 'rsa' });
  ec = makeKeyPair(keys, 'ec');
  locked = { key: join(keys, 'locked.key'), cert: rsa.cert };
  const cipher = ['-topk8', '-v2', 'aes-256-cbc', '-passout', 'pass:open sesame'];
  openssl('pkcs8', ...cipher, '-in', rsa.key, '-out', locked.key);
  signFile = join(placeOf(await fetchedKdir('debian:bookworm', 'x86_64'), '/scripts'), 'sign-file');
});

let directory: string;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory({ 'a.ko': bytes });
  file = join(directory, 'a.ko');
});

const withKey = ({ key, cert }: KeyPair) => ['--key', key, '--cert', cert];
const sign = (args: string[], pair: KeyPair = rsa, given: CliOptions = {}) =>
  kbuild(['sign', ...args, ...withKey(pair)], given);
const verify = async (args: string[], ...certs: string[]) => {
  const given = certs.flatMap((cert) => ['--cert', cert]);
  const { exitCode, document } = await kbuildJson<{ files: VerifiedFile[] }>([
    ...['sign', '--verify', ...args, ...given],
  ]);
  return { exitCode, statuses: document.files.map(({ status }) => status), document };
};
const succeeded = { exitCode: 0, stderr: '' };

/** Signs a copy of the module with the kernel's own tool. */
function kernelSigned(hash: string, { key, cert }: KeyPair, ...options: string[]): string {
  const copy = join(temporaryDirectory({ 'theirs.ko': bytes }), 'theirs.ko');
  execFileSync(signFile, [...options, hash, key, cert, copy]);
  return copy;
}

describe('sign', () => {
  it.each(['sha1', 'sha256', 'sha384', 'sha512'])(
    'gives with RSA and %s the very bytes that the kernel’s sign-file gives',
    async (hash) => {
      expect(await sign([file, '--hash', hash])).toMatchObject(succeeded);
      expect(readFileSync(file)).toEqual(readFileSync(kernelSigned(hash, rsa)));
      expect(readdirSync(directory)).toEqual(['a.ko']);
    },
  );

  it('gives detached the very file that sign-file gives, and leaves the module', async () => {
    expect(await sign([file, '--detached'])).toMatchObject(succeeded);
    const theirs = kernelSigned('sha512', rsa, '-d');
    expect(readFileSync(`${file}.p7s`)).toEqual(readFileSync(`${theirs}.p7s`));
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('makes with ECDSA what openssl verifies and kmod reads', async () => {
    const { stdout } = await sign([file], ec);
    expect(stdout).toBe(`${displayPath(file, root)}  signed by 'Signer ec' (sha512)`);
    await sign([file, '--detached', '--out', join(directory, 'out/'), '--json'], ec).then(
      ({ exitCode }) => {
        expect(exitCode).toBe(2); // what is signed already gets no detached signature
      },
    );
    const plain = join(directory, 'plain.ko');
    writeFileSync(plain, bytes);
    await sign([plain, '--detached'], ec);
    openssl(
      ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', `${plain}.p7s`, '-content', plain],
      ...['-certfile', ec.cert, '-CAfile', ec.cert, '-purpose', 'any', '-out', '/dev/null'],
    );
    const info = await execa('modinfo', [file]);
    expect(info.stdout).toMatch(/^signer: +Signer ec$/m);
    expect(info.stdout).toMatch(/^sig_hashalgo: +sha512$/m);
    expect(info.stdout).toMatch(/^sig_id: +PKCS#7$/m);
  });

  it('replaces what is there, and never signs twice', async () => {
    await sign([file]);
    const once = readFileSync(file);
    // sign-file itself stacks one signature upon the other.
    execFileSync(signFile, ['sha256', ec.key, ec.cert, file]);
    execFileSync(signFile, ['sha512', rsa.key, rsa.cert, file]);
    await sign([file]);
    expect(readFileSync(file)).toEqual(once);
    await sign([file]);
    expect(readFileSync(file)).toEqual(once);
  });

  it('takes signatures off again', async () => {
    await sign([file], ec);
    execFileSync(signFile, ['sha512', rsa.key, rsa.cert, file]);
    const { stdout } = await kbuild(['sign', '--remove', file]);
    expect(stdout).toBe(`${displayPath(file, root)}  without signature`);
    expect(readFileSync(file)).toEqual(bytes);
    expect((await kbuild(['sign', '--remove', file])).stdout).toBe('');
  });

  it('keeps mode and symbolic links, read-only files included', async () => {
    chmodSync(file, 0o440);
    const link = join(directory, 'link.ko');
    symlinkSync('a.ko', link);
    expect(await sign([link])).toMatchObject(succeeded);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(file).mode & 0o7777).toBe(0o440);
    expect((await verify([file], rsa.cert)).exitCode).toBe(0);
  });

  it('writes to another place where it is told to', async () => {
    const other = join(directory, 'b.ko');
    writeFileSync(other, bytes);
    const { document } = await kbuildJson<{ files: SignedFile[] }>([
      ...['sign', file, other, ...withKey(rsa), '-o', join(directory, 'out')],
    ]);
    expect(document.files.map(({ output }) => output)).toEqual(
      ['a.ko', 'b.ko'].map((name) => join(directory, 'out', name)),
    );
    expect(document.files[0]?.signature).toMatchObject({ signer: 'Signer rsa', hash: 'sha512' });
    await sign([file, '-o', join(directory, 'c.ko')]);
    expect(readFileSync(file)).toEqual(bytes);
    const names = ['c.ko', 'out/a.ko', 'out/b.ko'].map((name) => join(directory, name));
    expect((await verify(names, rsa.cert)).statuses).toEqual(['valid', 'valid', 'valid']);
  });

  it.each([
    ['gzip', ['gzip', '-n']],
    ['xz', ['xz']],
    ['zstd', ['zstd', '-q', '--rm']],
  ])('refuses a module that is compressed by %s, whatever it is called', async (name, command) => {
    execFileSync(command[0]!, [...command.slice(1), file]);
    const [packed] = readdirSync(directory);
    const path = join(directory, packed!);
    const before = readFileSync(path);
    const { exitCode, stderr } = await sign([path]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${path} is compressed (${name})`);
    expect(stderr).toContain('[SIGN_INPUT]');
    expect(readFileSync(path)).toEqual(before);
  });

  it('looks at all files before it signs one', async () => {
    const cut = join(directory, 'cut.ko');
    writeFileSync(cut, bytes.subarray(0, 5000));
    const torn = join(directory, 'torn.ko');
    writeFileSync(torn, `${bytes.toString('latin1')}~Module signature appended~\n`, 'latin1');
    const readme = join(directory, 'README');
    writeFileSync(readme, 'text');
    for (const [bad, code] of [
      [cut, 'MODULE_TRUNCATED'],
      [torn, 'MODULE_SIGNATURE_FORMAT'],
      [readme, 'MODULE_NOT_ELF'],
      [process.execPath, 'SIGN_INPUT'],
      [directory, 'MODULE_UNREADABLE'],
      ['/dev/zero', 'MODULE_UNREADABLE'],
      [join(directory, 'absent.ko'), 'MODULE_UNREADABLE'],
    ] as const) {
      const { exitCode, stderr } = await sign([file, bad]);
      expect(stderr).toContain(`[${code}]`);
      expect(stderr).toContain(bad);
      expect(exitCode).toBe(2);
      expect(readFileSync(file)).toEqual(bytes);
    }
  });

  it('leaves a module that cannot be replaced as it was', async () => {
    chmodSync(directory, 0o555);
    const { exitCode, stderr } = await sign([file], rsa, { powerless: true });
    chmodSync(directory, 0o755);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('[STORAGE_FAILED]');
    expect(stderr).toContain(file);
    expect(readFileSync(file)).toEqual(bytes);
    expect(readdirSync(directory)).toEqual(['a.ko']);
  });

  it.each([
    [[], 'one --key and one --cert'],
    [['--key', 'k'], 'one --key and one --cert'],
    [['--key', 'k', '--cert', 'a', '--cert', 'b'], 'one --key and one --cert'],
    [['--key', 'k', '--key', 'l', '--cert', 'a'], '--key is given twice'],
    [['--verify'], '--verify needs a --cert'],
    [['--verify', '--remove'], 'exclude each other'],
    [['--verify', '--cert', 'a', '--key', 'k'], 'writes nothing'],
    [['--remove', '--detached'], '--remove'],
    [['--key', 'k', '--cert', 'a', '--hash', 'md5'], 'md5'],
  ])('says what is wrong with %j', async (args, words) => {
    const { exitCode, stderr } = await kbuild(['sign', file, ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
    expect(readFileSync(file)).toEqual(bytes);
  });
});

describe('sign --verify', () => {
  it('accepts what sign-file signed, and with the right certificate alone', async () => {
    const [one, two] = [kernelSigned('sha512', rsa), kernelSigned('sha256', ec)];
    expect(await verify([one, two], rsa.cert, ec.cert)).toMatchObject({
      exitCode: 0,
      statuses: ['valid', 'valid'],
    });
    expect(await verify([one, two], rsa.cert)).toMatchObject({
      exitCode: 3,
      statuses: ['valid', 'unknown-key'],
    });
    const bundle = join(directory, 'bundle.pem');
    writeFileSync(bundle, Buffer.concat([ec.cert, rsa.cert].map((path) => readFileSync(path))));
    expect((await verify([one, two], bundle)).exitCode).toBe(0);
  });

  it('finds what is not signed, and what was changed', async () => {
    const changed = kernelSigned('sha512', rsa);
    const flipped = readFileSync(changed);
    flipped[1000]! ^= 1;
    writeFileSync(changed, flipped);
    const stripped = kernelSigned('sha512', rsa);
    execFileSync('strip', ['--strip-debug', stripped]);
    expect(await verify([file, changed, stripped], rsa.cert)).toMatchObject({
      exitCode: 3,
      statuses: ['unsigned', 'invalid', 'unsigned'],
    });
    const { stdout, exitCode } = await kbuild(['sign', '--verify', file, '--cert', rsa.cert]);
    expect(exitCode).toBe(3);
    expect(stdout).toBe(`${displayPath(file, root)}  NOT SIGNED`);
  });

  it('looks for the signature inside the compression, as the kernel does', async () => {
    const paths = [['gzip'], ['xz', '--check=crc32'], ['zstd', '-q', '--rm']].map(
      ([program = '', ...options]) => {
        const signed = kernelSigned('sha512', rsa);
        execFileSync(program, [...options, signed]);
        return join(dirname(signed), readdirSync(dirname(signed))[0]!);
      },
    );
    expect(await verify(paths, rsa.cert)).toMatchObject({
      exitCode: 0,
      statuses: ['valid', 'valid', 'valid'],
    });
    expect((await verify(paths, ec.cert)).exitCode).toBe(3);
  });

  it('verifies detached signatures: those of sign-file and of openssl', async () => {
    const theirs = kernelSigned('sha256', rsa, '-d');
    writeFileSync(`${file}.p7s`, cmsSign(file, ec, 'sha384'));
    const both = ['--detached', theirs, file];
    expect((await verify(both, rsa.cert, ec.cert)).statuses).toEqual(['valid', 'valid']);
    expect(await verify(both, ec.cert)).toMatchObject({ exitCode: 3 });
    writeFileSync(`${file}.p7s`, 'no signature');
    expect((await verify(both, rsa.cert, ec.cert)).statuses).toEqual(['valid', 'invalid']);
    const plain = kernelSigned('sha256', rsa);
    expect((await verify(['--detached', plain], rsa.cert)).statuses).toEqual(['unsigned']);
  });
});

describe('an encrypted key', () => {
  it('is opened by KBUILD_SIGN_PIN or a file, and its passphrase is shown nowhere', async () => {
    const secret = join(directory, 'secret');
    writeFileSync(secret, 'open sesame\n');
    const theirs = readFileSync(kernelSigned('sha512', rsa));
    for (const [args, env] of [
      [[], { KBUILD_SIGN_PIN: 'open sesame' }],
      [['--passphrase-file', secret], { KBUILD_SIGN_PIN: 'wrong' }],
    ] as const) {
      writeFileSync(file, bytes);
      const { exitCode, stdout, stderr } = await sign([file, ...args], locked, { env });
      expect(exitCode).toBe(0);
      expect(stdout + stderr).not.toContain('sesame');
      expect(readFileSync(file)).toEqual(theirs);
    }
  });

  it('is refused with a wrong passphrase, or none, and the module stays', async () => {
    for (const [pin, words] of [
      ['close sesame', 'with this passphrase'],
      [undefined, 'KBUILD_SIGN_PIN'],
    ] as const) {
      const result = await sign([file, '--json'], locked, { env: { KBUILD_SIGN_PIN: pin } });
      expect(result.exitCode).toBe(2);
      expect(result.stderr).toContain(words);
      expect(result.stdout + result.stderr).not.toContain('sesame');
      expect(readFileSync(file)).toEqual(bytes);
    }
  });

  it('is asked for on a terminal, which shows nothing of the answer', async () => {
    const { exitCode, screen } = await onTerminal(
      ['sign', file, ...withKey(locked)],
      [['Passphrase of the key', 'open sesame\r']],
    );
    expect(screen).not.toContain('sesame');
    expect(screen).toContain("signed by 'Signer rsa'");
    expect(exitCode).toBe(0);
  });

  it('can be refused on the terminal by Ctrl-C', async () => {
    const asked = ['sign', file, ...withKey(locked)];
    const { exitCode } = await onTerminal(asked, [['Passphrase of the key', '\x03']]);
    expect(exitCode).toBe(130);
    expect(readFileSync(file)).toEqual(bytes);
  });
});

describe('a key on a token', () => {
  let hsm: SoftHsm;
  let env: Record<string, string>;
  beforeAll(() => {
    hsm = softHsm();
    hsm.importKey(rsa.key, 'rsa');
    hsm.importKey(ec.key, 'ec');
    env = { ...hsm.env, KBUILD_SIGN_PIN: hsm.pin };
  });
  const uri = (object: string) => `pkcs11:token=${encodeURIComponent(hsm.token)};object=${object}`;

  it('signs as sign-file does with the key in a file', async () => {
    const token = { key: uri('rsa'), cert: rsa.cert };
    expect(await sign([file], token, { env })).toMatchObject(succeeded);
    expect(readFileSync(file)).toEqual(readFileSync(kernelSigned('sha512', rsa)));
    await sign([file], { key: uri('ec'), cert: ec.cert }, { env });
    expect((await verify([file], ec.cert)).exitCode).toBe(0);
  });

  it('has its PIN in no argument and no environment of any program that is started', async () => {
    const log = join(directory, 'strace.log');
    const traced = ['-f', '-v', '-s', '65536', '-e', 'trace=execve', '-o', log];
    const command = [process.execPath, join(root, 'bin/kbuild-ts.js'), 'sign', file];
    const token = withKey({ key: uri('rsa'), cert: rsa.cert });
    await execa('strace', [...traced, ...command, ...token], { env });
    const [first, ...calls] = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('execve('));
    expect(first).toContain(`KBUILD_SIGN_PIN=${hsm.pin}`); // as it was given to us
    expect(calls.join('\n')).toContain('"pkeyutl"');
    expect(calls.filter((call) => call.includes(hsm.pin))).toEqual([]);
  });

  it('has its PIN not in our own arguments, if it came in the URI, while the token works', async () => {
    const seen = join(directory, 'seen');
    const real = execFileSync('sh', ['-c', 'command -v openssl'], { encoding: 'utf8' }).trim();
    const program = `#!/bin/sh\ntr '\\0' ' ' < /proc/$PPID/cmdline > ${seen}\nexec ${real} "$@"\n`;
    const bin = temporaryDirectory({ openssl: { program } });
    const key = `${uri('rsa')}?pin-value=${hsm.pin}`;
    const path = { PATH: `${bin}:${process.env.PATH}` };
    const { exitCode, stdout } = await sign(
      [file],
      { key, cert: rsa.cert },
      { env: { ...hsm.env, ...path } },
    );
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain(hsm.pin);
    expect(readFileSync(seen, 'utf8')).toMatch(/^kbuild-ts sign/);
    expect(readFileSync(seen, 'utf8')).not.toContain(hsm.pin);
  });

  it('is asked for its PIN on a terminal', async () => {
    const args = ['sign', file, '--key', uri('ec'), '--cert', ec.cert];
    const { exitCode, screen } = await onTerminal(
      args,
      [['PIN for pkcs11:', `${hsm.pin}\r`]],
      hsm.env,
    );
    expect(exitCode).toBe(0);
    expect(screen).not.toContain(hsm.pin);
  });

  it('is refused with a wrong PIN, which is not shown, and the module stays', async () => {
    const token = { key: `${uri('rsa')}?pin-value=31415926`, cert: rsa.cert };
    const { exitCode, stdout, stderr } = await sign([file, '--json'], token, { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`the token refuses the PIN for ${uri('rsa')}`);
    expect(stdout + stderr).not.toContain('31415926');
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('says that the token is missing', async () => {
    const token = { key: 'pkcs11:token=absent;object=rsa', cert: rsa.cert };
    const { exitCode, stderr } = await sign([file], token, { env });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('[SIGN_PKCS11]');
  });
});

describe('keys generate', () => {
  const names = ['signing_cert.pem', 'signing_key.pem', 'signing_key.x509'];

  it.each(['rsa', 'ecdsa'])('makes %s keys that sign-file and we sign with', async (algorithm) => {
    const output = join(directory, 'keys');
    const bits = algorithm === 'rsa' ? ['--bits', '2048'] : [];
    const name = ['--name', 'Vendor modules'];
    const made = await kbuild([
      'keys',
      'generate',
      '-o',
      output,
      '--algorithm',
      algorithm,
      ...bits,
      ...name,
    ]);
    expect(made).toMatchObject(succeeded);
    expect(readdirSync(output).sort()).toEqual(names);
    expect(statSync(join(output, 'signing_key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(output).mode & 0o777).toBe(0o700);
    const pair = { key: join(output, 'signing_key.pem'), cert: join(output, 'signing_key.x509') };
    const theirs = kernelSigned('sha512', pair);
    expect(await sign([file], pair)).toMatchObject(succeeded);
    expect((await verify([file, theirs], join(output, 'signing_cert.pem'))).exitCode).toBe(0);
    expect((await execa('modinfo', ['-F', 'signer', file])).stdout).toBe('Vendor modules');
  });

  it('never writes over a file', async () => {
    const output = join(directory, 'keys');
    const args = ['keys', 'generate', '-o', output, '--algorithm', 'ecdsa'];
    await kbuild(args);
    const before = names.map((name) => readFileSync(join(output, name)));
    const { exitCode, stderr } = await kbuild(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[KEYS_FILE_EXISTS]');
    expect(names.map((name) => readFileSync(join(output, name)))).toEqual(before);
  });

  it('encrypts the key with what is typed twice', async () => {
    const output = join(directory, 'keys');
    const { exitCode, screen } = await onTerminal(
      ['keys', 'generate', '-o', output, '--algorithm', 'ecdsa', '--encrypt'],
      [
        ['Passphrase for the new key', 'open sesame\r'],
        ['Once more', 'open sesam\r'],
        ['Passphrase for the new key', 'open sesame\r'],
        ['Once more', 'open sesame\r'],
      ],
    );
    expect(screen).toContain('These were not the same.');
    expect(screen).not.toContain('sesam');
    expect(exitCode).toBe(0);
    const key = join(output, 'signing_key.pem');
    expect(readFileSync(key, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(openssl('pkey', '-in', key, '-passin', 'pass:open sesame').toString()).toContain(
      'PRIVATE',
    );
  });

  it.each([
    [['--curve', 'P-256'], '--curve is for ECDSA keys'],
    [['--algorithm', 'ecdsa', '--bits', '4096'], '--bits is for RSA keys'],
    [['--days', '0'], '--days'],
    [['--days', 'x'], '--days'],
    [['--name', 'x'.repeat(65)], '--name'],
    [['--encrypt'], 'no passphrase'],
    [['--bits', '1024'], '1024'],
  ])('says what is wrong with %j', async (args, words) => {
    const output = join(directory, 'keys');
    const { exitCode, stderr } = await kbuild(['keys', 'generate', '-o', output, ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
    expect(existsSync(output)).toBe(false);
  });
});

/** Runs the command line on a terminal, and types each answer when its question stands there. */
async function onTerminal(
  args: string[],
  answers: [question: string, answer: string][],
  env: Record<string, string> = {},
) {
  const quoted = [process.execPath, join(root, 'bin/kbuild-ts.js'), ...args]
    .map((part) => `'${part.replaceAll("'", `'\\''`)}'`)
    .join(' ');
  const log = join(temporaryDirectory(), 'typescript');
  const child = execa('script', ['-qefc', quoted, log], {
    env: { TERM: 'xterm', NO_COLOR: '1', ...env },
    reject: false,
    timeout: 60_000,
  });
  let screen = '';
  let read = 0;
  const waiting = [...answers];
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    const [next] = waiting;
    const at = next === undefined ? -1 : screen.indexOf(next[0], read);
    // The colon ends the question: only then is the echo off.
    if (next === undefined || at < 0 || !screen.includes(': ', at)) return;
    read = screen.length;
    waiting.shift();
    child.stdin.write(next[1]);
  });
  const { exitCode } = await child;
  expect(
    waiting.map(([question]) => question),
    basename(log),
  ).toEqual([]);
  return { exitCode, screen };
}
