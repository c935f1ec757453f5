import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainStyle, visibleStyle } from '../../test/support/styles.js';
import type { Artifact, JobRecord, Manifest, Verdict } from '../artifact/manifest-schema.js';
import { formatResult } from './result-table.js';

const verdict = (check: Verdict['check'], status: Verdict['status']): Verdict => ({
  check,
  status,
  detail: '',
});

function artifact(path: string, changes: Partial<Artifact> = {}): Artifact {
  return {
    path,
    sha256: '0'.repeat(64),
    size: 4300,
    modinfo: {},
    elf: { class: 64, endian: 'little', machine: 183, type: 1 },
    signature: null,
    verdicts: [verdict('vermagic', 'ok'), verdict('signature', 'ok')],
    ...changes,
  };
}

const job = (changes: Partial<JobRecord> = {}): JobRecord => ({
  id: 'hello-6.1-arm64-gcc-12',
  project: 'hello',
  release: '6.1',
  arch: 'arm64',
  toolchain: 'gcc-12',
  status: 'built',
  milliseconds: 1234,
  diagnostics: [],
  artifacts: [artifact('6.1/arm64/hello.ko')],
  key: '',
  make: [],
  env: {},
  image: { name: '' },
  kdir: { path: '', identity: '' },
  sources: [],
  ...changes,
});

const result = (...jobs: JobRecord[]): Manifest => ({
  schemaVersion: 1,
  tool: { name: 'kbuild-ts', version: '0' },
  output: join(process.cwd(), 'dist'),
  startedAt: '',
  milliseconds: 65_000,
  status: 'succeeded',
  jobs,
});

const failed = (changes: Partial<JobRecord>): JobRecord =>
  job({
    status: 'failed',
    artifacts: [],
    error: { code: 'BUILD_NO_MODULES', message: 'no module came out', hint: 'Is obj-m set?' },
    log: 'logs/hello.log',
    ...changes,
  });

const shown = (...jobs: JobRecord[]): string => formatResult(result(...jobs), plainStyle);
const rows = (text: string): string[] => text.split('\n\n')[0]!.split('\n').slice(1);

describe('the result of a run', () => {
  it('has a row for each module, and says where the manifest is', () => {
    const cached = job({ arch: 'x86_64', status: 'cached' });
    expect(shown(job(), cached)).toBe(
      [
        'kernel  arch    toolchain  module    size     vermagic  signature  time',
        '6.1     arm64   gcc-12     hello.ko  4.2 KiB  ok        unsigned   1.23 s',
        '6.1     x86_64  gcc-12     hello.ko  4.2 KiB  ok        unsigned   cached',
        '',
        '1 built, 1 cached in 1 min 5 s; dist/manifest.json',
      ].join('\n'),
    );
  });

  it('tells the time of a job once, by whatever many modules', () => {
    const artifacts = ['a.ko', 'b.ko', 'c.ko'].map((path) => artifact(path));
    const times = rows(shown(job({ artifacts }))).map((row) => row.split(/ {2,}/).at(-1));
    expect(times).toEqual(['1.23 s', '″', '″']);
  });

  it('has a row for a job without modules, with its state and, in short, why', () => {
    const skipped = job({ status: 'skipped', artifacts: [], milliseconds: 0 });
    expect(rows(shown(failed({}), skipped))).toEqual([
      '6.1     arm64  gcc-12     hello   -     failed    no modules  1.23 s',
      '6.1     arm64  gcc-12     hello   -     skipped   -           0.00 s',
    ]);
  });

  it.each([
    ['unsigned, and rightly so', null, 'ok', 'unsigned', 'dim'],
    ['unsigned, and the kernel may not load it', null, 'unknown', 'unsigned', 'yellow'],
    ['signed and verified', 'Vendor', 'ok', 'verified: Vendor', 'green'],
    ['signed by somebody', 'Vendor', 'unknown', 'unknown: Vendor', 'yellow'],
  ] as const)('tells of a module that it is %s', (_, signer, status, text, colour) => {
    const signature = signer && { signer, keyId: '01', hash: 'sha256' };
    const verdicts = [verdict('vermagic', 'ok'), verdict('signature', status)];
    const module = artifact('a.ko', { signature, verdicts });
    const table = formatResult(result(job({ artifacts: [module] })), visibleStyle);
    expect(table).toContain(`<${colour}:${text}>`);
  });

  it('tells that a vermagic could not be judged', () => {
    const module = artifact('a.ko', { verdicts: [verdict('vermagic', 'unknown')] });
    const table = formatResult(result(job({ artifacts: [module] })), visibleStyle);
    expect(table).toContain('<yellow:unknown>');
  });

  it('tells what failed, why, what to do and where the log is', () => {
    expect(shown(failed({})).split('\n\n').slice(1)).toEqual([
      [
        'failed hello-6.1-arm64-gcc-12 [BUILD_NO_MODULES]',
        '  no module came out',
        '  hint Is obj-m set?',
        '  log  dist/logs/hello.log',
      ].join('\n'),
      '1 failed in 1 min 5 s; dist/manifest.json',
    ]);
  });

  it('tells what befell several jobs in the same way once, with all their names and logs', () => {
    const ids = ['hello-1', 'hello-2'];
    const jobs = ids.map((id) =>
      failed({
        id,
        log: `logs/${id}.log`,
        error: { code: 'BUILD_NO_MODULES', message: `${id}: no module`, hint: 'Is obj-m set?' },
      }),
    );
    const other = failed({ id: 'x', error: { code: 'BUILD_TIMEOUT', message: 'slow', hint: 'h' } });
    const texts = shown(...jobs, other)
      .split('\n\n')
      .slice(1, -1);
    expect(texts).toHaveLength(2);
    expect(texts[0]).toMatch(/^failed hello-1\nfailed hello-2 \[BUILD_NO_MODULES\]\n/);
    expect(texts[0]?.match(/Is obj-m set/g)).toHaveLength(1);
    for (const id of ids) expect(texts[0]).toContain(`dist/logs/${id}.log`);
    expect(texts[1]).toMatch(/^failed x \[BUILD_TIMEOUT\]/);
  });

  it('lets the compiler speak for itself, but not at length', () => {
    const error = { code: 'BUILD_COMPILE_ERROR', message: 'a.c:1: no (and 6 more)', hint: 'log' };
    const diagnostics = [
      { severity: 'warning', message: 'not this' } as const,
      ...Array.from({ length: 7 }, (_, i) => ({
        severity: 'error' as const,
        message: `error ${i}`,
        file: join(process.cwd(), 'a.c'),
        line: i + 1,
      })),
    ];
    const [, text] = shown(failed({ error, diagnostics })).split('\n\n');
    expect(text?.split('\n').slice(1, -1)).toEqual([
      '  a.c:1: error: error 0',
      '  a.c:2: error: error 1',
      '  a.c:3: error: error 2',
      '  a.c:4: error: error 3',
      '  a.c:5: error: error 4',
      '  … and 2 more',
      '  hint log',
    ]);
  });

  it('tells each verdict that failed on a line of its own', () => {
    const message = 'a.ko: symbols: f is gone\nb.ko: license: none';
    const text = shown(failed({ error: { code: 'VERIFY_FAILED', message, hint: 'h' } }));
    expect(text).toContain('\n  a.ko: symbols: f is gone\n  b.ko: license: none\n');
  });

  it('lets no build and no certificate move the cursor', () => {
    const signature = { signer: '\x1b[2JVendor\r', keyId: '01', hash: 'sha256' };
    const message = '\x1b[1Amake failed\x07';
    const error = { code: 'BUILD_MAKE_FAILED', message, hint: 'h' };
    const module = artifact('a\x1b[2J.ko', { signature });
    const text = shown(job({ artifacts: [module] }), failed({ error }));
    expect(text).toContain(' a.ko ');
    expect(text).toContain('verified: Vendor ');
    expect(text).toContain('\n  make failed\n');
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it.each([
    ['BUILD_COMPILE_ERROR', '', 'compile error'],
    ['VERIFY_FAILED', 'a.ko: symbols: f is gone\nb.ko: symbols: g\nb.ko: crc: h', 'symbols, crc'],
    ['VERIFY_FAILED', 'the archive cannot be read', 'verify failed'],
    ['KDIR_HOST_TOOLS', '', 'kdir host tools'],
    ['INTERRUPTED', '', 'not run'],
  ])('says %s of %j in short: %s', (code, message, short) => {
    const [row] = rows(shown(failed({ error: { code, message, hint: 'h' } })));
    expect(row).toContain(` failed    ${short}  `);
  });

  it('shows a kernel that nothing could be built for as a row that failed, and why', () => {
    const error = { code: 'FETCH_FAILED', message: 'no mirror answers\x1b[2J', hint: 'Try later.' };
    const unusable = [{ ref: 'debian:sid', error }];
    const text = formatResult({ ...result(job()), unusable }, plainStyle);
    expect(rows(text)[1]).toMatch(/^debian:sid +- +- +- +- +failed +fetch failed +-$/);
    expect(text.split('\n\n').slice(1)).toEqual([
      'failed kernel debian:sid [FETCH_FAILED]\n  no mirror answers\n  hint Try later.',
      '1 built, 1 kernel not usable in 1 min 5 s; dist/manifest.json',
    ]);
  });

  it('names the release and arch of such a kernel, where it is known', () => {
    const error = { code: 'KDIR_NO_SYMVERS', message: 'm', hint: 'h' };
    const ref = 'debian:sid/*-rt-*';
    const unusable = [
      { ref, release: '7.2-rt', arch: 'arm64', error },
      { ref: 'debian:sid/7.2', release: '7.2', error: { ...error, message: 'other' } },
    ];
    const text = formatResult({ ...result(job()), unusable }, plainStyle);
    expect(rows(text)[1]).toMatch(/^7\.2-rt +arm64 +- .* kdir no symvers +-$/);
    expect(text).toContain(`failed kernel 7.2-rt, of ${ref} (arm64) [KDIR_NO_SYMVERS]`);
    expect(text).toContain('failed kernel debian:sid/7.2 [KDIR_NO_SYMVERS]');
  });

  it('does not name all of very many jobs that failed in the same way', () => {
    const jobs = Array.from({ length: 9 }, (_, i) =>
      failed({ id: `j${i}`, log: `logs/j${i}.log` }),
    );
    const [, text = ''] = shown(...jobs).split('\n\n');
    expect(text).toContain('failed j5\n… and 3 more [BUILD_NO_MODULES]\n');
    expect(text.match(/ log {2}/g)).toHaveLength(6);
  });

  it('tells once of jobs that wait for another of their own kernel', () => {
    const skipped = ['6.1', '6.12'].map((release) => {
      const error = {
        code: 'BUILD_DEPENDENCY_FAILED',
        message: `not run: it needs the symbols of b-${release}-arm64-gcc-12, which failed`,
        hint: 'h',
      };
      const id = `a-${release}-arm64-gcc-12`;
      return job({ id, project: 'a', release, status: 'skipped', artifacts: [], error });
    });
    const texts = shown(...skipped).split('\n\n');
    expect(texts).toHaveLength(3);
    expect(texts[1]).toContain('\n  not run: it needs the symbols of b, which failed\n');
  });

  it('counts what became of the jobs', () => {
    const jobs = (['built', 'built', 'skipped', 'failed', 'cached'] as const).map((status) =>
      job({ status }),
    );
    expect(
      shown(...jobs)
        .split('\n')
        .at(-1),
    ).toMatch(/^2 built, 1 cached, 1 skipped, 1 failed in /);
  });
});

describe('the result of many jobs', () => {
  const kernels = ['6.1', '6.12'].flatMap((release) =>
    ['arm64', 'x86_64'].map((arch) => ({ release, arch })),
  );
  const projects = Array.from({ length: 7 }, (_, i) => `p${i}`);
  const change = (job: JobRecord, changes: Partial<JobRecord>) => Object.assign(job, changes);
  const many = (names = projects): JobRecord[] =>
    kernels.flatMap((kernel) => names.map((project) => job({ ...kernel, project })));
  const error = { code: 'BUILD_COMPILE_ERROR', message: 'm', hint: 'h' };

  it('has a row for each kernel and a column for each project', () => {
    expect(shown(...many()).split('\n\n')[0]).toBe(
      [
        'kernel  arch    toolchain  p0  p1  p2  p3  p4  p5  p6',
        '6.1     arm64   gcc-12     ok  ok  ok  ok  ok  ok  ok',
        '6.1     x86_64  gcc-12     ok  ok  ok  ok  ok  ok  ok',
        '6.12    arm64   gcc-12     ok  ok  ok  ok  ok  ok  ok',
        '6.12    x86_64  gcc-12     ok  ok  ok  ok  ok  ok  ok',
      ].join('\n'),
    );
  });

  it('tells at a glance what failed and why', () => {
    const jobs = many();
    change(jobs[1]!, { status: 'failed', artifacts: [], error });
    change(jobs[2]!, { status: 'skipped', artifacts: [] });
    change(jobs[9]!, { status: 'cached' });
    jobs.splice(10, 1);
    const fetch = { code: 'FETCH_FAILED', message: 'm', hint: 'h' };
    const unusable = [
      { ref: 'debian:sid', error: fetch },
      { ref: 'x', release: '7.2-arm64', arch: 'arm64', error: fetch },
    ];
    const text = formatResult({ ...result(...jobs), unusable }, plainStyle);
    expect(text.split('\n\n')[0]).toBe(
      [
        'kernel      arch    toolchain  p0  p1             p2       p3  p4  p5  p6',
        '6.1         arm64   gcc-12     ok  compile error  skipped  ok  ok  ok  ok',
        '6.1         x86_64  gcc-12     ok  ok             cached   -   ok  ok  ok',
        '6.12        arm64   gcc-12     ok  ok             ok       ok  ok  ok  ok',
        '6.12        x86_64  gcc-12     ok  ok             ok       ok  ok  ok  ok',
        'debian:sid  -       -  fetch failed',
        '7.2-arm64   arm64   -  fetch failed',
      ].join('\n'),
    );
    expect(text).toContain('compile error');
    expect(text).toContain('2 kernels not usable');
  });

  it('paints what failed, what was not sure, and what is well', () => {
    const jobs = many();
    change(jobs[0]!, { status: 'failed', artifacts: [], error });
    change(jobs[1]!, { status: 'skipped', artifacts: [] });
    const unsure = artifact('a.ko', { verdicts: [verdict('vermagic', 'unknown')] });
    change(jobs[2]!, { status: 'cached', artifacts: [unsure] });
    const row = formatResult(result(...jobs), visibleStyle).split('\n')[1];
    const words = ['red:compile error', 'yellow:skipped', 'yellow:cached', 'green:ok'];
    expect(row?.match(/(red|yellow|green):[^>]*/g)?.slice(0, 4)).toEqual(words);
  });

  it('counts the projects where there are too many for a column each', () => {
    const jobs = many(Array.from({ length: 20 }, (_, i) => `a-long-name-${i}`));
    change(jobs[1]!, { status: 'failed', artifacts: [], error });
    change(jobs[2]!, { status: 'skipped', artifacts: [] });
    const lines = shown(...jobs)
      .split('\n\n')[0]
      ?.split('\n');
    expect(lines?.slice(0, 3)).toEqual([
      'kernel  arch    toolchain  projects                    why',
      '6.1     arm64   gcc-12     18 ok, 1 skipped, 1 failed  compile error',
      '6.1     x86_64  gcc-12     20 ok',
    ]);
    for (const line of lines ?? []) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('keeps a row for each module where all is for one kernel', () => {
    const artifacts = Array.from({ length: 40 }, (_, i) => artifact(`m${i}.ko`));
    expect(rows(shown(job({ artifacts })))).toHaveLength(40);
  });

  it('keeps two builds for one release apart, by toolchain and by KDIR', () => {
    const jobs = [...many(), ...many()];
    for (const twin of jobs.slice(28)) twin.kdir = { path: '/other', identity: '' };
    const gcc14 = many().map((twin) => change(twin, { toolchain: 'gcc-14' }));
    expect(rows(shown(...jobs, ...gcc14))).toHaveLength(12);
  });

  it('tells of many kernels where something is wrong, and of the others together', () => {
    const jobs = Array.from({ length: 100 }, (_, k) =>
      Array.from({ length: 100 }, (_, p) =>
        job({ release: `6.${k}`, project: `p${p}`, status: 'cached' }),
      ),
    ).flat();
    change(jobs[350]!, { status: 'failed', artifacts: [], error });
    change(jobs[777]!, { status: 'skipped', artifacts: [] });
    change(jobs[5000]!, { status: 'built' });
    const [table, , summary] = shown(...jobs).split('\n\n');
    expect(table?.split('\n')).toEqual([
      'kernel  arch   toolchain  projects          why',
      '6.3     arm64  gcc-12     99 ok, 1 failed   compile error',
      '6.7     arm64  gcc-12     99 ok, 1 skipped',
      'and 98 more targets: 9800 ok',
    ]);
    expect(summary).toMatch(/^1 built, 9997 cached, 1 skipped, 1 failed in /);
  });

  it('has one line for many kernels where all is well', () => {
    const jobs = Array.from({ length: 61 }, (_, k) => [
      ...[job({ release: `6.${k}` }), job({ release: `6.${k}`, project: 'other' })],
    ]).flat();
    expect(shown(...jobs).split('\n\n')[0]).toBe('61 targets: 122 ok');
  });

  it('has no more rows than can be read where much is wrong', () => {
    const jobs = Array.from({ length: 500 }, (_, k) =>
      change(job({ release: `6.${k}` }), {
        ...{ status: 'failed', artifacts: [], error: { ...error, message: `reason ${k}` } },
        diagnostics: [{ severity: 'error', message: `reason ${k}` }],
      }),
    );
    const text = shown(...jobs);
    expect(text).toContain('\nand 440 more targets: 440 failed\n');
    expect(text).toContain('… and 460 more in other ways: ');
    expect(text.split('\n').length).toBeLessThan(300);
    expect(text).toContain('500 failed in ');
  });
});
