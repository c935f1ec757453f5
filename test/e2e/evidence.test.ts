import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { releaseSchema, type ReleaseRecord } from '../../src/artifact/release-schema.js';
import type { RebuildReport } from '../../src/artifact/rebuild/report-schema.js';
import { examples, kbuildJson, root } from '../support/cli.js';
import { makeKeyPair, openssl, type KeyPair } from '../support/openssl.js';
import { contentsOf, release, type ReleaseDocument } from '../support/release.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** The commands of docs/provenance.md, as a customer would type them. */
const documented = [
  ...readFileSync(join(root, 'docs/provenance.md'), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms),
].map(([, commands]) => commands ?? '');

const shell = (directory: string, script: string) =>
  execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: directory,
    encoding: 'utf8',
    stdio: 'pipe',
  });

const keys = temporaryDirectory();
let rsa: KeyPair;
let ec: KeyPair;
beforeAll(() => {
  rsa = makeKeyPair(keys, 'rsa', { algorithm: 'rsa', subject: '/O=Acme/CN=Acme modules' });
  // As vendors have them: a key that signs, under an authority of theirs.
  ec = makeKeyPair(keys, 'ec');
  const [request, issued] = [join(keys, 'ec.csr'), join(keys, 'issued.pem')];
  openssl('req', '-new', '-key', ec.key, '-subj', '/CN=Acme leaf', '-out', request);
  const by = ['-CA', rsa.cert, '-CAkey', rsa.key, '-CAcreateserial', '-days', '3650'];
  openssl('x509', '-req', '-in', request, ...by, '-out', issued);
  ec = { key: ec.key, cert: issued };
});

/** A copy of the smallest example that no other test has built. */
function hello(mark: string): string {
  const directory = join(temporaryDirectory(), 'hello');
  cpSync(join(examples, 'hello'), directory, { recursive: true });
  const file = join(directory, 'hello.c');
  writeFileSync(file, `${readFileSync(file, 'utf8')}MODULE_INFO(mark, "${mark}");\n`);
  return directory;
}

const build = ['-a', 'x86_64', '--format', 'tar', '--package-version', '1.0'];
const signedBy = ({ key, cert }: KeyPair) => ['--key', key, '--cert', cert];
const make = async (directory: string, ...more: string[]) => {
  const made = await release([directory, ...build, '--no-test', ...more]);
  expect(made.exitCode).toBe(0);
  return made;
};
const inRelease = (directory: string, name = '') => join(directory, 'dist/release', name);
const read = (directory: string, name: string): unknown =>
  JSON.parse(readFileSync(inRelease(directory, name), 'utf8'));

const mark = `${Date.now()}`;

describe('the evidence of a release', () => {
  let directory: string;
  beforeAll(async () => {
    directory = hello(mark);
    const { document } = await make(directory, ...signedBy(rsa), '-j2');
    expect(document.manifest.jobs.map(({ status }) => status)).toEqual(['built']);
  });

  it('is verified by the commands of the docs, with openssl, sha256sum and jq', () => {
    expect(documented.length).toBeGreaterThan(4);
    const said = shell(inRelease(directory), documented.join('\n'));
    expect(said).toMatch(/subject=.*Acme modules/);
    expect(said).toContain('Verified OK');
    expect(said).toMatch(/^kdir\t6\.1\.0-56-amd64\/x86_64\t[0-9a-f]{64}$/m);
    expect(said).toMatch(/^sources\thello\t[0-9a-f]{64}$/m);
    expect(said).toMatch(/^image\tkbuild-ts\/gcc-12:\w+\t[0-9a-f]{64}$/m);
    expect(said).toMatch(/^hello\t1\.0\.0\tGPL-2\.0-only\t[0-9a-f]{64}$/m);
  });

  it('is not verified where anything was changed', () => {
    const changes: [string, (text: Buffer) => Buffer][] = [
      ['release.json', (text) => Buffer.from(text.toString().replace('x86_64', 'x86-64'))],
      ['SHA256SUMS', (text) => Buffer.from(text.toString().replace(/^./, 'x'))],
      [
        'provenance.intoto.jsonl',
        (text) => Buffer.from(text.toString().replace('vnd.in-toto', 'vnd.in-tota')),
      ],
    ];
    for (const [name, change] of changes) {
      const copy = join(temporaryDirectory(), 'release');
      cpSync(inRelease(directory), copy, { recursive: true, dereference: true });
      writeFileSync(join(copy, name), change(readFileSync(join(copy, name))));
      expect(() => shell(copy, documented.join('\n'))).toThrow('Command failed');
      if (!name.startsWith('provenance')) continue;
      // Its own signature finds it, too.
      const own = documented.filter((commands) => commands.includes('dgst')).join('\n');
      expect(() => shell(copy, own)).toThrow('Command failed');
    }
  });

  it('says of the modules what is in the packages, in valid CycloneDX', async () => {
    const text = readFileSync(inRelease(directory, 'sbom.cdx.json'), 'utf8');
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(text)).toBeNull();
    const place = temporaryDirectory();
    const [tar = ''] = readdirSync(inRelease(directory, 'tar'));
    execFileSync('tar', ['-xf', inRelease(directory, `tar/${tar}`), '-C', place]);
    const bom = read(directory, 'sbom.cdx.json') as {
      components: {
        type: string;
        hashes: { content: string }[];
        properties: { name: string; value: string }[];
      }[];
    };
    const [module, ...others] = bom.components.filter(({ type }) => type === 'device-driver');
    expect(others).toEqual([]);
    const path = module?.properties.find(({ name }) => name === 'kbuild-ts:path')?.value;
    const sum = execFileSync('sha256sum', [join(place, path ?? '')], { encoding: 'utf8' });
    expect(sum.slice(0, 64)).toBe(module?.hashes[0]?.content);
  });

  it('names the sources by a digest that anyone can make of them', () => {
    const lines = ['Kbuild', 'Makefile', 'hello.c'].map((name) => {
      const sum = execFileSync('sha256sum', [join(directory, name)], { encoding: 'utf8' });
      return `file ${sum.slice(0, 64)} ${name}\n`;
    });
    const list = execFileSync('sha256sum', { input: lines.join(''), encoding: 'utf8' });
    const record = read(directory, 'release.json') as ReleaseRecord;
    expect(record.jobs[0]?.sources).toEqual([{ placement: 'hello', digest: list.slice(0, 64) }]);
    expect(releaseSchema.parse(record)).toEqual(record);
  });

  it('is the same bytes from another directory, with another -j, from the cache', async () => {
    const other = hello(mark);
    const { document } = await make(other, ...signedBy(rsa), '-j1');
    expect(document.manifest.jobs.map(({ status }) => status)).toEqual(['cached']);
    expect(contentsOf(inRelease(other))).toEqual(contentsOf(inRelease(directory)));
    // Nothing of where, and by whom.
    const all = Object.keys(contentsOf(inRelease(other)) ?? {})
      .filter((path) => !path.startsWith('tar/'))
      .map((path) => readFileSync(inRelease(other, path), 'latin1'))
      .join('');
    const decoded =
      all + shell(inRelease(other), 'jq -r .payload provenance.intoto.jsonl | base64 -d');
    for (const text of [other, keys, '/tmp/']) expect(decoded).not.toContain(text);
  });

  it('is enough to build the modules again', async () => {
    const run = (from: string, ...more: string[]) =>
      kbuildJson<RebuildReport>(['rebuild', directory, '--from', from, '--no-sign', ...more]);
    const again = await run(inRelease(directory, 'release.json'));
    expect(again.document).toMatchObject({ status: 'equal', inputs: [] });
    expect(again.exitCode).toBe(0);
    const file = join(directory, 'hello.c');
    writeFileSync(file, `${readFileSync(file, 'utf8')}MODULE_INFO(other, "x");\n`);
    const changed = await run(inRelease(directory));
    expect(changed.document.status).toBe('differs');
    expect(changed.exitCode).toBe(3);
  });
});

describe('a release under a certificate that an authority has issued, by ECDSA', () => {
  it('is verified by the same commands', async () => {
    const directory = hello(mark);
    await make(directory, ...signedBy(ec));
    expect(shell(inRelease(directory), documented.join('\n'))).toContain('Verified OK');
  });
});

describe('a release without a key', () => {
  it('has the same, unsigned', async () => {
    const directory = hello(mark);
    await make(directory);
    const files = readdirSync(inRelease(directory)).sort();
    expect(files).toEqual([
      'SHA256SUMS',
      'provenance.json',
      'release.json',
      'sbom.cdx.json',
      'tar',
    ]);
    expect(
      shell(inRelease(directory), 'sha256sum -c --strict SHA256SUMS').match(/OK$/gm),
    ).toHaveLength(4);
    expect(read(directory, 'provenance.json')).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
    });
    expect(read(directory, 'release.json')).not.toHaveProperty('signedBy');
  });
});

describe('packages', () => {
  it('have checksums, and a signature over them where there is a key', async () => {
    const directory = hello(mark);
    const made = await kbuildJson<ReleaseDocument>([
      'package',
      directory,
      ...build,
      ...signedBy(rsa),
    ]);
    expect(made.exitCode).toBe(0);
    const packages = join(directory, 'dist/packages');
    expect(readdirSync(packages).sort()).toEqual([
      ...['SHA256SUMS', 'SHA256SUMS.p7s', 'certificate.pem', 'tar'],
    ]);
    const sums = documented.find((commands) => commands.includes('SHA256SUMS.p7s')) ?? 'false';
    expect(() => shell(packages, sums)).not.toThrow();
  });
});
