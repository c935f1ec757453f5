import { chmodSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactsOf, build, kbuild } from '../support/cli.js';
import { kmodInfo } from '../support/kmod.js';
import { moduleSource } from '../support/project.js';
import { softHsm } from '../support/softhsm.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('a project with a signing key', () => {
  let keys: string;

  beforeAll(async () => {
    keys = temporaryDirectory();
    await makeKey('vendor', ['-newkey', 'rsa:2048', '-nodes']);
    await makeKey('other', ['-newkey', 'rsa:2048', '-nodes']);
    await makeKey('locked', ['-newkey', 'rsa:2048', '-passout', 'pass:open sesame']);
  });

  const makeKey = async (name: string, options: string[]) => {
    const files = ['-keyout', join(keys, `${name}.pem`), '-out', join(keys, `${name}.x509`)];
    const subject = ['-subj', `/O=Vendor/CN=${name} module signing`, '-days', '3650', '-sha256'];
    await execa('openssl', ['req', '-x509', ...options, ...files, ...subject]);
    chmodSync(join(keys, `${name}.pem`), 0o600);
  };

  const project = (key: string, cert = key) =>
    temporaryDirectory({
      Kbuild: 'obj-m := signed.o\n',
      'signed.c': moduleSource(),
      'kbuild.config.yaml': `name: signed\nsigning: { key: ${keys}/${key}.pem, cert: ${keys}/${cert}.x509 }\n`,
    });

  it('gets modules that OpenSSL verifies and kmod reads', async () => {
    const directory = project('vendor');
    const { exitCode, document } = await build([directory, '--arch', 'arm64,x86_64']);
    expect(exitCode).toBe(0);
    for (const { path, signature, verdicts } of artifactsOf(document)) {
      const file = join(directory, 'dist', path);
      // sha256 is what Debian's kernel is configured with (CONFIG_MODULE_SIG_HASH).
      expect(signature).toMatchObject({ signer: 'vendor module signing', hash: 'sha256' });
      expect(verdicts.find(({ check }) => check === 'signature')?.status).toBe('ok');
      const { stdout } = await execa('modinfo', [file]);
      expect(stdout).toMatch(/^signer: +vendor module signing$/m);
      expect(stdout).toMatch(/^sig_hashalgo: +sha256$/m);
      expect(stdout.replaceAll(/\s/g, '')).toContain(`sig_key:${signature!.keyId}`);
      await opensslVerify(file, join(keys, 'vendor.x509'));
      await expect(opensslVerify(file, join(keys, 'other.x509'))).rejects.toThrow();
      expect((await kmodInfo(file)).tags.license).toEqual(['GPL']);
    }
  });

  it('signs what comes from the cache, and shows by whom', async () => {
    const directory = project('vendor');
    await build([directory, '--arch', 'arm64']);
    const { stdout } = await kbuild(['build', directory, '--arch', 'arm64']);
    expect(stdout).toMatch(/signed\.ko .* ok +verified: vendor module signing +cached/);
  });

  it('takes the passphrase from KBUILD_SIGN_PIN and shows it nowhere', async () => {
    const directory = project('locked');
    const args = [directory, '--arch', 'arm64', '--no-cache', '--verbose'];
    const env = { KBUILD_SIGN_PIN: 'open sesame' };
    const { exitCode, stdout, stderr, document } = await build(args, { env });
    expect(exitCode, stderr).toBe(0);
    const log = await readFile(join(directory, 'dist', document.jobs[0]!.log!), 'utf8');
    for (const text of [stdout, stderr, log]) expect(text).not.toContain('open sesame');
    await opensslVerify(
      join(directory, 'dist', artifactsOf(document)[0]!.path),
      join(keys, 'locked.x509'),
    );
  });

  it('may have its key on a token, whose PIN is shown nowhere', async () => {
    const hsm = softHsm();
    hsm.importKey(join(keys, 'vendor.pem'), 'vendor');
    const directory = project('vendor');
    const uri = `pkcs11:token=${encodeURIComponent(hsm.token)};object=vendor`;
    await writeFile(
      join(directory, 'kbuild.config.yaml'),
      `name: signed\nsigning: { key: '${uri}?pin-value=${hsm.pin}', cert: ${keys}/vendor.x509 }\n`,
    );
    const args = [directory, '--arch', 'arm64', '--verbose'];
    const { exitCode, stdout, stderr, document } = await build(args, { env: hsm.env });
    expect(exitCode, stderr).toBe(0);
    expect(stdout + stderr).not.toContain(hsm.pin);
    const [artifact] = artifactsOf(document);
    await opensslVerify(join(directory, 'dist', artifact!.path), join(keys, 'vendor.x509'));
  });

  it('is refused before anything is built if the key cannot be used', async () => {
    for (const [directory, said] of [
      [project('locked'), /cannot read the key/],
      [project('vendor', 'other'), /is not that of the key/],
      [project('absent', 'vendor'), /cannot read the key/],
    ] as const) {
      const { exitCode, document, stderr } = await build([directory, '--arch', 'arm64']);
      expect(document.error).toMatchObject({
        code: 'SIGN_KEY',
        message: expect.stringMatching(said),
      });
      expect(exitCode).toBe(2);
      expect(stderr).not.toContain('build signed');
    }
  });

  /** Takes the signature off and has OpenSSL verify it over the rest. */
  async function opensslVerify(file: string, cert: string): Promise<void> {
    const work = temporaryDirectory();
    const bytes = await readFile(file);
    const marker = '~Module signature appended~\n';
    expect(bytes.subarray(-marker.length).toString()).toBe(marker);
    const header = bytes.subarray(-marker.length - 12, -marker.length);
    const end = bytes.length - marker.length - 12;
    const length = header.readUInt32BE(8);
    await writeFile(join(work, 'signature'), bytes.subarray(end - length, end));
    await writeFile(join(work, 'content'), bytes.subarray(0, end - length));
    await execa('openssl', [
      ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', join(work, 'signature')],
      ...['-content', join(work, 'content'), '-certfile', cert, '-CAfile', cert],
      ...['-purpose', 'any', '-out', '/dev/null'],
    ]);
  }
});
