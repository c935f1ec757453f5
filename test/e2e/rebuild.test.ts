import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import type { Comparison, RebuildReport } from '../../src/artifact/rebuild/report-schema.js';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { build, examples, kbuild, kbuildJson, root, type CliOptions } from '../support/cli.js';
import { makeKeyPair } from '../support/openssl.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { treeHash } from '../support/tree-hash.js';

const schema = JSON.parse(
  readFileSync(join(root, 'schemas/rebuild.schema.json'), 'utf8'),
) as object;
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

/** A report that is as its schema says. */
async function rebuild(args: string[], given: CliOptions = {}) {
  const result = await kbuildJson<RebuildReport>(['rebuild', ...args], given);
  expect(validate(result.document), JSON.stringify(validate.errors)).toBe(true);
  return result;
}

/** The error of a command that did not come so far. */
const refused = async (...args: string[]) => {
  const { document, exitCode } = await kbuildJson<{ error: ErrorReport }>(['rebuild', ...args]);
  return { exitCode, ...document.error };
};

const comparisons = ({ jobs }: RebuildReport): Comparison[] =>
  jobs.flatMap(({ artifacts }) => artifacts);
const verdicts = (report: RebuildReport) => comparisons(report).map(({ verdict }) => verdict);
const inputs = ({ jobs }: RebuildReport) => [
  ...new Set(jobs.flatMap((job) => job.inputs.map(({ input }) => input))),
];

const hello = (line = 'pr_info("hello\\n");') => ({
  Kbuild: 'obj-m := hello.o\n',
  'hello.c': moduleSource(
    `#include <linux/init.h>\nstatic int __init start(void)\n{\n\t${line}\n\treturn 0;\n}\nmodule_init(start);\n// With a version, modpost writes a hash over the sources into .modinfo.\nMODULE_VERSION("1");`,
  ),
  'kbuild.config.yaml': 'name: hello\n',
});

/** The sections in which two files differ, and where: by readelf's table, byte by byte. */
function readelfDifferences(
  was: string,
  now: string,
): Map<string, [offset: number, first: number]> {
  const sectionsOf = (file: string) => {
    const bytes = readFileSync(file);
    const table = execFileSync('readelf', ['-SW', file], { encoding: 'utf8' });
    const rows = table.matchAll(
      /^ *\[ *\d+\] (\S+) +(?!NOBITS)[A-Z]\S+ +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)/gm,
    );
    return new Map(
      [...rows].map(([, name = '', at = '', size = '']) => {
        const offset = Number.parseInt(at, 16);
        return [
          name,
          { offset, bytes: bytes.subarray(offset, offset + Number.parseInt(size, 16)) },
        ];
      }),
    );
  };
  const [before, after] = [sectionsOf(was), sectionsOf(now)];
  expect([...before.keys()]).toEqual([...after.keys()]);
  const found = new Map<string, [number, number]>();
  for (const [name, { offset, bytes }] of before) {
    const other = after.get(name)!.bytes;
    let first = 0;
    while (first < bytes.length && bytes[first] === other[first]) first++;
    if (first < Math.max(bytes.length, other.length)) found.set(name, [offset, first]);
  }
  return found;
}

/** The first byte that differs, from 0, as cmp counts from 1. */
function cmp(was: string, now: string): number | undefined {
  const { status, stdout } = spawnSync('cmp', [was, now], { encoding: 'utf8' });
  return status === 0 ? undefined : Number(/byte (\d+)/.exec(stdout)?.[1]) - 1;
}

describe('rebuild of a module for two architectures', () => {
  let project: string;
  let dist: string;
  let manifest: Manifest;
  let cache: string;
  let env: { KBUILD_TS_CACHE_DIR: string };

  beforeAll(async () => {
    // What was built is kept apart, so that it is seen to stay as it is; kernels need not be fetched again.
    cache = temporaryDirectory();
    const shared = cacheDirectory();
    await kbuild(['kernel', 'fetch', 'debian:bookworm', '-a', 'x86_64,arm64']);
    for (const name of ['kernels', 'packages', 'repositories', 'images']) {
      const link = ['-s', join(shared, name), join(cache, name)];
      execFileSync('ln', link);
    }
    env = { KBUILD_TS_CACHE_DIR: cache };
    project = temporaryDirectory(hello());
    const { document, exitCode } = await build(
      [project, '-k', 'debian:bookworm', '-a', 'x86_64,arm64', '-j', '1'],
      { env },
    );
    expect(exitCode).toBe(0);
    manifest = document;
    dist = join(project, 'dist');
  });

  const file = (path: string, directory = dist): string => join(directory, path);

  it('gives the same bytes in another directory, by another -j, and changes nothing', async () => {
    const elsewhere = temporaryDirectory(hello());
    const out = temporaryDirectory();
    const kept = () =>
      ['jobs', 'objects'].map((name) => treeHash(join(cache, name))).concat(treeHash(dist));
    const before = kept();
    const args = [elsewhere, '--from', dist, '-j', '3', '-o', out];
    const { document, exitCode, stderr } = await rebuild(args, { env });
    expect(exitCode, stderr).toBe(0);
    expect(document).toMatchObject({ status: 'equal', output: out, inputs: [], ignored: [] });
    expect(document.manifest).toBe(join(dist, 'manifest.json'));
    expect(document.jobs.map(({ arch }) => arch).sort()).toEqual(['arm64', 'x86_64']);
    expect(inputs(document)).toEqual([]);
    expect(stderr).not.toContain('warning');
    // It was built, and not taken from anywhere.
    expect(stderr).toMatch(/built \[2\/2\]/);
    for (const { path, verdict, published, now } of comparisons(document)) {
      expect({ verdict, published }).toEqual({ verdict: 'equal', published: 'as-recorded' });
      expect(cmp(file(path), file(path, out))).toBeUndefined();
      const { stdout } = spawnSync('sha256sum', [file(path, out)], { encoding: 'utf8' });
      expect(stdout.slice(0, 64)).toBe(now);
    }
    expect(kept()).toEqual(before);
  });

  it('needs the manifest alone, and leaves nothing', async () => {
    const elsewhere = temporaryDirectory(hello());
    cpSync(join(dist, 'manifest.json'), join(elsewhere, 'manifest.json'));
    const before = treeHash(elsewhere);
    const given = { env, cwd: elsewhere };
    const { stdout, exitCode } = await kbuild(['rebuild', '--from', 'manifest.json'], given);
    expect(stdout).toMatch(
      /^equal {4}\S+\/hello\.ko\nequal {4}\S+\/hello\.ko\n\n2 modules are equal, byte for byte, to manifest\.json, in .* s\.$/,
    );
    expect(exitCode).toBe(0);
    expect(treeHash(elsewhere)).toBe(before);
  });

  it('says of a changed line in which sections it is seen, and where', async () => {
    const changed = temporaryDirectory(hello('pr_info("hullo\\n");'));
    const out = temporaryDirectory();
    const { document, exitCode, stderr } = await rebuild([changed, '--from', dist, '-o', out], {
      env,
    });
    expect(exitCode).toBe(3);
    expect(document.status).toBe('differs');
    expect(inputs(document)).toEqual(['sources']);
    // Told before it is built.
    expect(stderr.indexOf('the sources of hello differ')).toBeGreaterThan(-1);
    expect(stderr.indexOf('the sources of hello differ')).toBeLessThan(stderr.indexOf('built ['));
    for (const { path, verdict, firstByte, differences } of comparisons(document)) {
      expect(verdict).toBe('differs');
      expect(firstByte).toBe(cmp(file(path), file(path, out)));
      const found = differences.flatMap((one) =>
        one.part === 'section' ? [[one.name, [one.was?.offset, one.first]] as const] : [],
      );
      expect(new Map(found)).toEqual(readelfDifferences(file(path), file(path, out)));
      expect(found.map(([name]) => name)).toContain('.modinfo');
      const tags = differences.filter(({ part }) => part === 'modinfo');
      const srcversion = (place: string) =>
        execFileSync('modinfo', ['-F', 'srcversion', place], { encoding: 'utf8' }).trim();
      expect(tags).toEqual([
        {
          ...{ part: 'modinfo', tag: 'srcversion' },
          ...{ was: [srcversion(file(path))], now: [srcversion(file(path, out))] },
        },
      ]);
    }
  });

  it('says that a published module is not the one that was built', async () => {
    const copy = join(temporaryDirectory(), 'dist');
    cpSync(dist, copy, { recursive: true });
    const { path } = manifest.jobs[0]!.artifacts[0]!;
    const bytes = readFileSync(file(path, copy));
    const table = execFileSync('readelf', ['-SW', file(path)], { encoding: 'utf8' });
    const [, at = '', size = ''] =
      /\.modinfo +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)/.exec(table) ?? [];
    const offset = Number.parseInt(at, 16);
    const first = bytes.indexOf('license=GPL', offset) + 8 - offset;
    bytes[offset + first] = 'X'.charCodeAt(0);
    writeFileSync(file(path, copy), bytes);
    const { document, exitCode } = await rebuild([project, '--from', copy], { env });
    expect(exitCode).toBe(3);
    const place = { offset, size: Number.parseInt(size, 16) };
    expect(comparisons(document).find((one) => one.path === path)).toMatchObject({
      ...{ verdict: 'differs', published: 'altered', firstByte: offset + first },
      differences: [
        { part: 'section', name: '.modinfo', was: place, now: place, first },
        { part: 'modinfo', tag: 'license', was: ['XPL'], now: ['GPL'] },
      ],
    });
    expect(verdicts(document).sort()).toEqual(['differs', 'equal']);
    const { stdout } = await kbuild(['rebuild', project, '--from', copy], { env });
    expect(stdout).toContain('is not the one that the manifest names; .modinfo from 0x');
    expect(stdout).toMatch(
      /1 of 2 modules is not as in .* What was built is what the manifest names\./,
    );
  });

  it('tells of a module that is missing, of one that is extra', async () => {
    const other = temporaryDirectory({
      ...hello(),
      Kbuild: 'obj-m := hullo.o\nhullo-y := hello.o\n',
    });
    const { document, exitCode } = await rebuild([other, '--from', dist], { env });
    expect(exitCode).toBe(3);
    expect(
      document.jobs.map(({ artifacts }) => artifacts.map((a) => [basename(a.path), a.verdict])),
    ).toEqual(
      [0, 1].map(() => [
        ['hello.ko', 'missing'],
        ['hullo.ko', 'extra'],
      ]),
    );
  });

  it('exits with 1 if a job does not compile', async () => {
    const broken = temporaryDirectory(hello('no C;'));
    const { document, exitCode } = await rebuild([broken, '--from', dist], { env });
    expect(exitCode).toBe(1);
    expect(document.status).toBe('failed');
    for (const { status, error, artifacts } of document.jobs) {
      expect({ status, code: error?.code, artifacts }).toEqual({
        ...{ status: 'failed', code: 'BUILD_COMPILE_ERROR', artifacts: [] },
      });
    }
  });

  /** A manifest in which something of its jobs is another. */
  const edited = (edit: (job: Manifest['jobs'][0], i: number) => object): string => {
    const jobs = manifest.jobs.map((job, i) => ({ ...job, ...edit(job, i) }));
    const text = JSON.stringify({ ...manifest, jobs });
    return join(temporaryDirectory({ 'manifest.json': text }), 'manifest.json');
  };

  it.each([
    [
      'kernel',
      { kernel: 'debian:bookworm/6.1.0-1-amd64', release: '6.1.0-1-amd64', arch: 'x86_64' },
      'KERNEL_UNKNOWN',
    ],
    ['KDIR', { kernel: '/nowhere/kdir' }, 'KDIR_NOT_FOUND'],
    ['toolchain', { toolchain: 'gcc-3' }, 'TOOLCHAIN_UNKNOWN'],
    ['project', { project: 'goodbye' }, 'PROJECT_NOT_FOUND'],
    ['architecture', { arch: 'pdp11' }, 'ARCH_UNKNOWN'],
  ])('compares the rest where a %s is gone, and tells of it', async (_, gone, code) => {
    const from = edited((_job, i) => (i === 0 ? gone : {}));
    const { document, exitCode } = await rebuild([project, '--from', from], { env });
    expect(exitCode).toBe(2);
    const [first, second] = document.jobs;
    expect(first).toMatchObject({ status: 'not-planned', error: { code }, artifacts: [] });
    expect(second).toMatchObject({ status: 'rebuilt', artifacts: [{ verdict: 'equal' }] });
    const all = await rebuild([project, '--from', edited(() => gone)], { env });
    expect(all.exitCode).toBe(2);
    for (const { status, error } of all.document.jobs) {
      expect({ status, code: error?.code }).toEqual({ status: 'not-planned', code });
    }
  });

  it('takes the kernels that are named in place of those of the manifest', async () => {
    for (const kernel of ['/nowhere/kdir', undefined]) {
      const from = edited(() => ({ kernel }));
      const args = [project, '--from', from, '-k', 'debian:bookworm'];
      const { document, exitCode } = await rebuild(args, { env });
      expect(exitCode).toBe(0);
      expect(verdicts(document)).toEqual(['equal', 'equal']);
    }
  });

  it('tells of an image, an environment, a kbuild-ts that was another', async () => {
    const from = edited(({ image, env: variables }) => ({
      image: { ...image, id: 'sha256:0' },
      env: { ...variables, SOURCE_DATE_EPOCH: '1' },
    }));
    const text = readFileSync(from, 'utf8');
    writeFileSync(from, text.replace(/"version":"[^"]*"/, '"version":"0.0.1"'));
    const { document, exitCode } = await rebuild([project, '--from', from], { env });
    expect(exitCode).toBe(0);
    expect(inputs(document)).toEqual(['image', 'env']);
    expect(document.inputs.map(({ input }) => input)).toEqual(['tool']);
  });

  it('refuses what is no manifest, and to write over what it compares with', async () => {
    const at = (text: string) => join(temporaryDirectory({ 'm.json': text }), 'm.json');
    const from = (path: string) => refused(project, '--from', path);
    const usage = { exitCode: 2 };
    expect(await from('/nowhere')).toMatchObject({ ...usage, code: 'FILE_UNREADABLE' });
    expect(await from(at('{'))).toMatchObject({ ...usage, code: 'MANIFEST_INVALID' });
    expect(await from(at('{"schemaVersion":2}'))).toMatchObject({ code: 'MANIFEST_VERSION' });
    const empty = edited(() => ({ status: 'failed', artifacts: [] }));
    expect(await from(empty)).toMatchObject({ ...usage, code: 'MANIFEST_EMPTY' });
    expect(await refused(project)).toMatchObject({ ...usage, code: 'USAGE' });
    expect(await refused(project, '--from', dist, '--out', dist)).toMatchObject({ code: 'USAGE' });
  });
});

describe('rebuild of several projects', () => {
  it('builds the jobs of the manifest alone, with their options, and what they depend on', async () => {
    const out = temporaryDirectory();
    const args = [join(examples, 'consumer'), '-a', 'arm64', '-W', '1', '-o', out];
    expect((await build(args)).exitCode).toBe(0);
    const { document, exitCode } = await rebuild([examples, '--from', out]);
    expect(exitCode).toBe(0);
    expect(document.jobs.map(({ project }) => project)).toEqual(['exporter', 'consumer']);
    expect(verdicts(document)).toEqual(['equal', 'equal']);
    expect(inputs(document)).toEqual([]);
  });

  it('builds a DKMS source again with the directives of then', async () => {
    const source = temporaryDirectory({
      ...{ 'hello.c': hello()['hello.c'], Makefile: 'obj-m := hello.o\n' },
      'dkms.conf': `PACKAGE_NAME=hello
PACKAGE_VERSION=1
BUILT_MODULE_NAME[0]=hello
DEST_MODULE_LOCATION[0]=/updates
AUTOINSTALL=yes
`,
    });
    const args = [source, '-a', 'arm64', '--directive', 'STRIP[0]=no'];
    expect((await build(args)).exitCode).toBe(0);
    const { document, exitCode } = await rebuild([source, '--from', join(source, 'dist')]);
    expect(exitCode).toBe(0);
    expect(verdicts(document)).toEqual(['equal']);
    expect(inputs(document)).toEqual([]);
  });
});

describe('rebuild of signed modules', () => {
  const keys = temporaryDirectory();

  /** A project that signs, and its output directory. */
  async function signedBuild(algorithm: 'rsa' | 'ec') {
    const { key, cert } = makeKeyPair(keys, algorithm, { algorithm });
    const project = temporaryDirectory({
      ...hello(),
      'kbuild.config.yaml': `name: hello\nsigning: { key: ${key}, cert: ${cert} }\n`,
    });
    const { document, exitCode } = await build([project, '-a', 'arm64']);
    expect(exitCode).toBe(0);
    expect(document.jobs[0]?.artifacts[0]?.signature?.signer).toBe(`Signer ${algorithm}`);
    return { project, key, dist: join(project, 'dist') };
  }

  it('gives with RSA the same bytes, signature included, and without the key the same content', async () => {
    const { project, key, dist } = await signedBuild('rsa');
    const whole = await rebuild([project, '--from', dist]);
    expect(whole.exitCode).toBe(0);
    expect(comparisons(whole.document)).toMatchObject([{ verdict: 'equal', except: [] }]);

    const content = [{ verdict: 'equal-content', except: ['unsigned'], differences: [] }];
    const unsigned = await rebuild([project, '--from', dist, '--no-sign']);
    expect(comparisons(unsigned.document)).toMatchObject(content);
    expect(unsigned.exitCode).toBe(0);

    writeFileSync(`${key}.saved`, readFileSync(key));
    writeFileSync(key, 'no key');
    const broken = await refused(project, '--from', dist);
    expect(broken).toMatchObject({ code: 'SIGN_KEY', hint: expect.stringContaining('--no-sign') });
    expect(broken.exitCode).toBe(2);

    renameSync(key, `${key}.broken`);
    const gone = await rebuild([project, '--from', dist]);
    expect(gone.exitCode).toBe(0);
    expect(gone.stderr).toContain(`the key ${key} is not there`);
    expect(comparisons(gone.document)).toMatchObject(content);
    // By the manifest alone, too.
    const alone = join(temporaryDirectory(), 'manifest.json');
    cpSync(join(dist, 'manifest.json'), alone);
    const blind = await rebuild([project, '--from', alone]);
    expect(blind.exitCode).toBe(0);
    expect(comparisons(blind.document)).toMatchObject(content);

    writeFileSync(join(project, 'hello.c'), hello('pr_info("hullo\\n");')['hello.c']);
    const { stdout, exitCode } = await kbuild(['rebuild', project, '--from', dist]);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('signatures were not compared');
    expect(existsSync(key)).toBe(false);
  });

  it('says that signatures of ECDSA cannot be the same', async () => {
    const { project, dist } = await signedBuild('ec');
    const { document, exitCode } = await rebuild([project, '--from', dist]);
    expect(exitCode).toBe(0);
    expect(comparisons(document)).toMatchObject([
      { verdict: 'equal-content', except: ['random-signature'], published: 'as-recorded' },
    ]);
    const { stdout } = await kbuild(['rebuild', project, '--from', dist]);
    expect(stdout).toContain('but for the signature, which holds a random number');
  });
});
