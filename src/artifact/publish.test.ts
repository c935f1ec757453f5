import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory, writeTree } from '../../test/support/temporary-directory.js';
import type { JobRecord, Manifest } from './manifest-schema.js';
import { indexName } from './publish-index.js';
import { manifestName, publish, type Publication } from './publish.js';

const kernel = { release: '6.1', arch: 'arm64', toolchain: 'gcc-12' };

/** The modules and the log of a job. */
function filesOf(paths: readonly string[]) {
  const log = paths.find((path) => path.endsWith('.log'));
  const artifacts = paths.filter((path) => path !== log).map((path) => ({ path }));
  return { artifacts, ...(log !== undefined && { log }) };
}

/** A manifest as far as publishing looks at it. */
function manifestOf(jobs: Record<string, string[]>, changes: Partial<JobRecord> = {}): Manifest {
  return {
    schemaVersion: 1,
    tool: { name: 'kbuild-ts', version: '0' },
    output: '',
    startedAt: new Date(0).toISOString(),
    milliseconds: 0,
    status: 'succeeded',
    jobs: Object.entries(jobs).map(
      ([project, paths]) => ({ ...kernel, project, ...filesOf(paths), ...changes }) as JobRecord,
    ),
  };
}

/** Publishes files that hold their own names, for each job. */
async function publishJobs(
  output: string,
  jobs: Record<string, string[]>,
  content = 'new',
  changes: Partial<JobRecord> = {},
): Promise<void> {
  const source = join(temporaryDirectory(), 'module');
  writeFileSync(source, content);
  const files = Object.values(jobs).flatMap((paths) =>
    paths.map((target): Publication => ({ source, target })),
  );
  await publish(output, files, manifestOf(jobs, changes));
}

/** All files but the index. */
const listing = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name !== indexName)
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();

/** An index that lists these files of project a. */
function indexText(paths: readonly string[]): string {
  const owner = { ...kernel, project: 'a' };
  const files = Object.fromEntries(paths.map((path) => [path, owner]));
  return JSON.stringify({ formatVersion: 1, files });
}

describe('publish', () => {
  it('copies every file to its place and writes the manifest beside', async () => {
    const output = join(temporaryDirectory(), 'not/there/yet');
    await publishJobs(output, { a: ['6.1/arm64/a.ko'], b: ['6.1/x86_64/deep/b.ko'] });
    expect(listing(output)).toEqual(['6.1/arm64/a.ko', '6.1/x86_64/deep/b.ko', manifestName]);
    expect(readFileSync(join(output, '6.1/arm64/a.ko'), 'utf8')).toBe('new');
  });

  it('writes the manifest as JSON that people can read', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['a.ko'] });
    const text = readFileSync(join(output, manifestName), 'utf8');
    expect(JSON.parse(text)).toEqual(manifestOf({ a: ['a.ko'] }));
    expect(text).toMatch(/^\{\n {2}"schemaVersion": 1,\n/);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('writes over what an earlier run left', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['a.ko'] }, 'old');
    await publishJobs(output, { a: ['a.ko'] });
    expect(readFileSync(join(output, 'a.ko'), 'utf8')).toBe('new');
  });

  it('takes a new file’s place at once: a reader of the old one keeps it', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['a.ko'] }, 'old');
    const before = statSync(join(output, 'a.ko')).ino;
    await publishJobs(output, { a: ['a.ko'] });
    expect(statSync(join(output, 'a.ko')).ino).not.toBe(before);
  });

  it('leaves a file alone that is as it should be, and mends one that is not', async () => {
    const output = temporaryDirectory();
    const jobs = { a: ['same.ko', 'content.ko', 'mode.ko', 'link.ko', 'gone.ko'] };
    const path = (name: string) => join(output, name);
    await publishJobs(output, jobs);
    for (const name of jobs.a) utimesSync(path(name), 1, 1);
    writeFileSync(path('content.ko'), 'NEW'); // as long as it was
    utimesSync(path('content.ko'), 1, 1);
    chmodSync(path('mode.ko'), 0o600);
    rmSync(path('link.ko'));
    symlinkSync('same.ko', path('link.ko'));
    rmSync(path('gone.ko'));
    await publishJobs(output, jobs);
    for (const name of jobs.a) {
      const stat = lstatSync(path(name));
      expect([name, stat.isFile(), readFileSync(path(name), 'utf8')]).toEqual([name, true, 'new']);
      expect([name, stat.mode & 0o777]).toEqual([name, statSync(path('same.ko')).mode & 0o777]);
      expect([name, stat.mtimeMs === 1000]).toEqual([name, name === 'same.ko']);
    }
  });

  it('removes what an earlier run of the same job made and this one did not', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['r/one.ko', 'r/two.ko'] });
    await publishJobs(output, { a: ['r/two.ko'] });
    expect(listing(output)).toEqual([manifestName, 'r/two.ko']);
  });

  it('removes all of a job that has failed this time', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['a.ko'], b: ['b.ko'] });
    await publishJobs(output, { a: [], b: ['b.ko'] });
    expect(listing(output)).toEqual(['b.ko', manifestName]);
  });

  it('leaves the modules of jobs alone that are not of this run', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['a.ko'] });
    await publishJobs(output, { b: ['b.ko'] });
    expect(listing(output)).toEqual(['a.ko', 'b.ko', manifestName]);
  });

  it('leaves files alone that it did not put there', async () => {
    const output = temporaryDirectory({ 'notes.txt': 'mine', 'r/mine.ko': 'mine' });
    await publishJobs(output, { a: ['r/a.ko'] });
    await publishJobs(output, { a: [] });
    expect(listing(output)).toEqual([manifestName, 'notes.txt', 'r/mine.ko']);
  });

  it('removes what jobs for other kernels have left to stand in between', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['arm64/a.ko'] });
    await publishJobs(output, { a: ['x86_64/a.ko'] }, 'new', { arch: 'x86_64' });
    await publishJobs(output, { a: [] }); // fails this time
    expect(listing(output)).toEqual([manifestName, 'x86_64/a.ko']);
  });

  it('removes what the same project gave for the same kernel with another toolchain', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['6.1/arm64/a.ko'] });
    await publishJobs(output, { a: [] }, 'new', { toolchain: 'gcc-14' });
    expect(listing(output)).toEqual([manifestName]);
  });

  it('removes the log of a job that has none this time', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { a: ['a.ko', 'logs/a.log'] });
    await publishJobs(output, { a: ['a.ko'] });
    expect(listing(output)).toEqual(['a.ko', manifestName]);
  });

  it('writes down what all runs have put there, and for what', async () => {
    const output = temporaryDirectory();
    await publishJobs(output, { b: ['b.ko', 'logs/b.log'] });
    await publishJobs(output, { a: ['a.ko'] }, 'new', { toolchain: 'gcc-14' });
    expect(JSON.parse(readFileSync(join(output, indexName), 'utf8'))).toEqual({
      formatVersion: 1,
      files: {
        'a.ko': { ...kernel, project: 'a', toolchain: 'gcc-14' },
        'b.ko': { ...kernel, project: 'b' },
        'logs/b.log': { ...kernel, project: 'b' },
      },
    });
  });

  it('knows of the consoles of tests, which go with the next run that has none', async () => {
    const output = temporaryDirectory();
    const [source, target] = [join(temporaryDirectory(), 'console'), 'logs/6.1.console.log'];
    writeFileSync(source, 'booting');
    const tests = [{ project: 'a', release: '6.1', arch: 'arm64', cases: [{ log: target }] }];
    const manifest = { ...manifestOf({ a: [] }), tests } as unknown as Manifest;
    await publish(output, [{ source, target }], manifest);
    expect(readFileSync(join(output, indexName), 'utf8')).toContain(target);
    await publishJobs(output, { a: ['a.ko'] });
    expect(listing(output)).toEqual(['a.ko', 'manifest.json']);
  });

  it('knows of the files of a run that broke off', async () => {
    // A directory in the place of the second: nobody knows of it before the first is in its place.
    const output = temporaryDirectory({ 'source/a.ko': '', 'source/b.ko': '', 'b.ko/mine': '' });
    const files = ['a.ko', 'b.ko'].map((target) => ({
      source: join(output, 'source', target),
      target,
    }));
    await expect(publish(output, files, manifestOf({ a: ['a.ko', 'b.ko'] }))).rejects.toThrow();
    expect(existsSync(join(output, 'a.ko'))).toBe(true);
    await publishJobs(output, { a: [] });
    expect(existsSync(join(output, 'a.ko'))).toBe(false);
  });

  it('leaves all as it was where one of its files cannot be written', async () => {
    const output = temporaryDirectory({ 'source/a.ko': 'new' });
    await publishJobs(output, { a: ['old.ko'] });
    const before = listing(output);
    const files = ['a.ko', 'deep/er/b.ko'].map((target) => ({
      source: join(output, 'source', target),
      target,
    }));
    const manifest = manifestOf({ a: ['a.ko', 'deep/er/b.ko'] });
    await expect(publish(output, files, manifest)).rejects.toThrow('b.ko');
    expect(listing(output)).toEqual(before);
    expect(existsSync(join(output, 'deep'))).toBe(false);
  });

  it('leaves a directory alone that stands where it once put a file', async () => {
    const output = temporaryDirectory({ 'a.ko/mine': '' });
    writeFileSync(join(output, indexName), indexText(['a.ko']));
    await publishJobs(output, { a: [] });
    expect(listing(output)).toEqual(['a.ko/mine', manifestName]);
  });

  it('never follows a path of the index out of the output directory', async () => {
    const parent = temporaryDirectory({ 'precious.ko': '', 'out/precious.ko': '' });
    const output = join(parent, 'out');
    const outside = ['../precious.ko', 'r/../../precious.ko', join(parent, 'precious.ko'), '..'];
    writeFileSync(join(output, indexName), indexText(outside));
    await publishJobs(output, { a: ['a.ko'] });
    expect(listing(parent)).toEqual([
      'out/a.ko',
      `out/${manifestName}`,
      'out/precious.ko',
      'precious.ko',
    ]);
  });

  it.each([
    ['no JSON', 'not { json'],
    ['of another shape', '{"formatVersion": 1, "files": ["a.ko"]}'],
    ['of another version', indexText(['a.ko']).replace('1', '2')],
    ['of another tool', '{"name": "web app", "icons": []}'],
    ['null', 'null'],
    ['without owners', '{"formatVersion": 1, "files": {"a.ko": {}}}'],
  ])('takes the index for none if it is %s', async (_, text) => {
    const output = temporaryDirectory({ [indexName]: text, 'a.ko': 'old' });
    await publishJobs(output, { a: [] });
    expect(listing(output)).toEqual(['a.ko', manifestName]);
    expect(JSON.parse(readFileSync(join(output, manifestName), 'utf8'))).toHaveProperty('tool');
  });

  it('leaves no part of a file behind if one cannot be published', async () => {
    const output = temporaryDirectory();
    mkdirSync(join(output, 'a.ko')); // a directory where the module is to be
    await expect(publishJobs(output, { a: ['a.ko'] })).rejects.toThrow();
    expect(listing(output)).toEqual([]);
  });

  it('writes the manifest last: none speaks of files that are not there', async () => {
    const output = temporaryDirectory();
    const files = [{ source: join(output, 'nowhere'), target: 'a.ko' }];
    await expect(publish(output, files, manifestOf({ a: ['a.ko'] }))).rejects.toThrow();
    expect(existsSync(join(output, manifestName))).toBe(false);
  });

  it('leaves no temporary file behind', async () => {
    const output = writeTree(temporaryDirectory(), { 'x/keep': '' });
    await Promise.all([
      publishJobs(output, { a: ['r/a.ko', 'r/b.ko'] }, 'one'),
      publishJobs(output, { a: ['r/a.ko', 'r/b.ko'] }, 'two'),
    ]);
    expect(listing(output)).toEqual([manifestName, 'r/a.ko', 'r/b.ko', 'x/keep']);
  });
});
