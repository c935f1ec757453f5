import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { examples, start } from '../support/cli.js';
import { expiredKeyPair, makeKeyPair, type KeyPair } from '../support/openssl.js';
import { moduleSource } from '../support/project.js';
import { contentsOf, release } from '../support/release.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const keys = temporaryDirectory();
let rsa: KeyPair;
beforeAll(() => {
  rsa = makeKeyPair(keys, 'rsa', { algorithm: 'rsa' });
});
const withKey = ({ key, cert }: KeyPair) => ['--key', key, '--cert', cert];
const versioned = ['--package-version', '1.0'];
const output = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: 'utf8' });

/** A project of one module, which does what it is told when it is loaded. */
const project = (init = 'return 0;', name = 'ring') => ({
  'kbuild.config.yaml': `name: ${name}\nversion: '1.0'\n`,
  Kbuild: `obj-m := ${name}.o\n`,
  [`${name}.c`]: moduleSource(
    `static int start(void) { ${init} }\nstatic void stop(void) {}\nmodule_init(start);\nmodule_exit(stop);`,
  ),
});

describe('a release', () => {
  it('holds modules that are stripped, signed, compressed as each kernel wants', async () => {
    const out = join(temporaryDirectory(), 'release');
    const { exitCode, document } = await release([
      ...[join(examples, 'exporter'), join(examples, 'consumer'), ...versioned, ...withKey(rsa)],
      ...['-k', 'debian:bookworm,debian:trixie', '-a', 'x86_64,arm64', '--format', 'tar'],
      ...['--out', out],
    ]);
    expect(exitCode).toBe(0);
    const cases = document.manifest.tests?.flatMap((test) => test.cases) ?? [];
    expect(cases.map(({ verdict }) => verdict)).toEqual(cases.map(() => 'passed'));
    expect(document.manifest.tests).toHaveLength(8);
    const tars = readdirSync(join(out, 'tar'));
    expect(tars).toHaveLength(8);
    for (const tar of tars) {
      const place = temporaryDirectory();
      output('tar', '-xf', join(out, 'tar', tar), '-C', place);
      const [release = ''] = readdirSync(join(place, 'lib/modules'));
      const root = join(place, 'lib/modules', release);
      const suffix = release.startsWith('6.12') ? '.ko.xz' : '.ko';
      const names = tar.startsWith('consumer') ? ['consumer', 'exporter'] : ['exporter'];
      expect(readdirSync(join(root, 'updates'))).toEqual(names.map((name) => name + suffix));
      // kmod reads it, finds it by depmod's files, and the signature is the key's.
      const modinfo = output('modinfo', join(root, `updates/exporter${suffix}`));
      expect(modinfo).toMatch(/^sig_id:\s+PKCS#7$/m);
      const name = tar.startsWith('consumer') ? 'consumer' : 'exporter';
      const loads = output('modprobe', '-d', place, '-S', release, '--show-depends', name);
      expect(loads.trim().split('\n')).toHaveLength(names.length);
      const plain = join(place, 'plain.ko');
      const module = join(root, `updates/exporter${suffix}`);
      const cat = suffix === '.ko' ? ['cat', module] : ['xz', '-dc', module];
      writeFileSync(plain, execFileSync(cat[0]!, cat.slice(1)));
      expect(output('readelf', '-SW', plain)).not.toContain('.debug_');
      if (suffix !== '.ko') expect(output('xz', '--list', '-vv', module)).toContain('CRC32');
    }
  });

  it('is not made of a module that fails its test, and leaves the last one', async () => {
    const directory = temporaryDirectory(project());
    const args = [directory, '-a', 'x86_64', '--format', 'tar'];
    expect((await release(args)).exitCode).toBe(0);
    const before = contentsOf(join(directory, 'dist/release'));
    expect(Object.keys(before ?? {}).filter((path) => path.startsWith('tar/'))).toHaveLength(1);
    writeFileSync(join(directory, 'ring.c'), project('return -EINVAL;')['ring.c']!);
    const failed = await release(args);
    expect(failed.exitCode).toBe(1);
    expect(failed.document.release).toBeUndefined();
    expect(contentsOf(join(directory, 'dist/release'))).toEqual(before);
    expect((await release([...args, '--no-test'])).exitCode).toBe(0);
    expect(contentsOf(join(directory, 'dist/release'))).not.toEqual(before);
  });
});

describe('a release stops before anything is built', () => {
  const stopped = async (args: string[], code: string, message: RegExp) => {
    const directory = temporaryDirectory(project('return 0;', 'never'));
    const { exitCode, document } = await release([directory, '-a', 'x86_64', ...args]);
    expect(exitCode).toBe(2);
    expect(document.error).toMatchObject({ code });
    expect(document.error?.message).toMatch(message);
    expect(existsSync(join(directory, 'dist'))).toBe(false);
  };

  it('where the certificate is not the key’s', async () => {
    const other = makeKeyPair(keys, 'other', { algorithm: 'rsa' });
    const pair = { key: rsa.key, cert: other.cert };
    await stopped(withKey(pair), 'SIGN_KEY', /is not that of the key/);
  });

  it('where the key is none', async () => {
    const key = join(keys, 'none.pem');
    writeFileSync(key, 'no key\n');
    await stopped(withKey({ key, cert: rsa.cert }), 'SIGN_KEY', /none\.pem/);
  });

  it('where the certificate has expired', async () => {
    const pair = expiredKeyPair(keys, 'expired');
    await stopped(withKey(pair), 'SIGN_KEY', /expired.*has expired: it was valid until/);
  });

  it('where something stands in its place that kbuild-ts has not made', async () => {
    const out = temporaryDirectory({ 'precious.txt': 'mine' });
    await stopped(['--out', out], 'RELEASE_OUTPUT', /was not made by kbuild-ts/);
    expect(readdirSync(out)).toEqual(['precious.txt']);
  });

  it('where no project has a version', async () => {
    const directory = temporaryDirectory({
      Kbuild: 'obj-m := plain.o\n',
      'plain.c': moduleSource(),
    });
    const { exitCode, document } = await release([directory, '-a', 'x86_64', '--no-test']);
    expect(exitCode).toBe(2);
    expect(document.error).toMatchObject({ code: 'PACKAGE_VERSION' });
  });
});

describe('the key of a release', () => {
  it('can be read by no build, and shows in no log and no package', async () => {
    const secret = readFileSync(rsa.key, 'utf8').split('\n').slice(1, 3);
    const directory = temporaryDirectory({
      ...project(),
      // A build that looks for keys wherever it can, and tells what it finds.
      Kbuild: `obj-m := ring.o\n$(info looked: $(shell grep -rlsE "PRIVATE KEY" /build /src /tmp ${keys} /root /home $(src) 2>&1 | head; env))\n`,
      'signing.pem': readFileSync(rsa.key),
      'cert.pem': readFileSync(rsa.cert),
    });
    const pair = ['--key', join(directory, 'signing.pem'), '--cert', join(directory, 'cert.pem')];
    const child = start(
      [
        ...['release', directory, ...pair, '-a', 'x86_64', '--format', 'tar'],
        ...['--no-test', '--verbose'],
      ],
      {},
    );
    const { exitCode, stdout, stderr } = await child;
    expect(exitCode).toBe(0);
    const logs = join(directory, 'dist/logs');
    const said = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
    expect(said.join('')).toContain('looked:');
    expect(said.join('')).not.toMatch(/looked: .*\.(pem|key)/);
    const place = temporaryDirectory();
    for (const [kind, name] of readdirSync(join(directory, 'dist/release'), { recursive: true })
      .map(String)
      .filter((path) => path.endsWith('.gz'))
      .map((path) => path.split('/'))) {
      output('tar', '-xf', join(directory, 'dist/release', kind!, name!), '-C', place);
    }
    const packed = output('find', place, '-type', 'f', '-exec', 'cat', '{}', '+');
    for (const line of secret) {
      for (const text of [stdout, stderr, ...said, packed]) expect(text).not.toContain(line);
    }
  });
});

describe('a release that is killed', () => {
  it('at any of 20 moments leaves the old one or the new one, whole', async () => {
    const directory = temporaryDirectory(project());
    const out = join(directory, 'out/release');
    mkdirSync(join(directory, 'out'));
    const args = (version: string) => [
      ...[directory, '-a', 'x86_64', '--format', 'tar', '--no-test'],
      ...['--package-version', version, '--out', out],
    ];
    const contents = new Map<string, string>();
    let took = 0;
    for (const version of ['1.0', '2.0']) {
      const begun = performance.now();
      expect((await release(args(version))).exitCode).toBe(0);
      took = performance.now() - begun;
      contents.set(version, JSON.stringify(contentsOf(out)));
    }
    expect(contents.get('1.0')).not.toBe(contents.get('2.0'));
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const version = JSON.stringify(contentsOf(out)) === contents.get('1.0') ? '2.0' : '1.0';
      const child = start(['release', ...args(version)], {});
      // Over all of a run, and somewhat more where its end is: there the files change places.
      await sleep(i < 10 ? Math.random() * took : took * (0.8 + Math.random() * 0.3));
      child.kill('SIGKILL');
      await child;
      const found = JSON.stringify(contentsOf(out));
      expect([...contents.values()]).toContain(found);
      seen.add(found);
    }
    // And what it left is no obstacle, nor rubbish that stays.
    expect((await release(args('2.0'))).exitCode).toBe(0);
    expect(JSON.stringify(contentsOf(out))).toBe(contents.get('2.0'));
    expect(readdirSync(join(directory, 'out'))).toHaveLength(2);
  });
});
