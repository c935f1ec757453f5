import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse as parseJunit, type TestSuites } from 'junit2json';
import type * as Sarif from 'sarif';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import { bin, build, kbuild, root } from '../support/cli.js';
import { moduleSource } from '../support/project.js';
import { runnerCommands } from '../support/runner-commands.js';
import { sarifSchema, schemaErrors } from '../support/schemas.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const kernels = ['-k', 'debian:bookworm', '-a', 'arm64,x86_64'];

/** A workspace of which one project has a warning, one an error, and one speaks to the runner. */
const workspace = () =>
  temporaryDirectory({
    'drv/warns.c': moduleSource('static int unused;'),
    'drv/Kbuild': 'obj-m := warns.o\n',
    'bad/bad.c': moduleSource('int bad(void);\nint bad(void) { missing = 1; return 0; }'),
    'bad/Kbuild': `obj-m := bad.o
$(info ::error::forged)
$(info    ::add-mask::e)
$(info said ##[error]forged)
`,
    // Its output, and no diagnostic, says why it fails.
    'odd/Kbuild': `obj-m := odd.o
$(obj)/odd.o: FORCE
	@echo '::error file=x::forged'; echo '##[add-path]/forged'; exit 1
`,
  });

/** The runner's own files, which lie elsewhere. */
const runnerFiles = () => temporaryDirectory({ 'summary.md': '# before\n', output: '' });

/** As a step of a workflow has it. */
const environment = (directory: string, runner = runnerFiles()) => ({
  GITHUB_ACTIONS: 'true',
  CI: 'true',
  GITHUB_WORKSPACE: directory,
  GITHUB_STEP_SUMMARY: join(runner, 'summary.md'),
  GITHUB_OUTPUT: join(runner, 'output'),
});

describe('a build in GitHub Actions', () => {
  let directory: string;
  const runner = runnerFiles();
  let manifest: Manifest;
  let result: { exitCode: number | undefined; stdout: string; stderr: string };

  beforeAll(async () => {
    directory = workspace();
    const { document, ...rest } = await build(
      [
        ...['drv', 'bad', 'odd', ...kernels],
        ...['--sarif', 'reports/build.sarif', '--junit', 'reports/build.xml', '--verbose'],
      ],
      { cwd: directory, env: environment(directory, runner) },
    );
    manifest = document;
    result = rest;
  });

  it('annotates each diagnostic once, at its place in the workspace, on stderr', () => {
    expect(result.exitCode).toBe(1);
    expect(manifest.jobs).toHaveLength(6);
    expect(runnerCommands(result.stdout)).toEqual([]);
    const commands = runnerCommands(result.stderr);
    const placed = commands.filter(({ properties }) => 'file' in properties);
    expect(placed.map(({ name, properties: { file, line } }) => [name, file, line])).toEqual([
      ['error', 'bad/bad.c', '4'],
      ['warning', 'drv/warns.c', '3'],
    ]);
    expect(placed[0]).toMatchObject({
      properties: { title: 'bad: compiler error', col: expect.stringMatching(/^\d+$/) },
      data: expect.stringMatching(/^.missing. undeclared .*\nfor .*arm64.*\(x86_64\)$/s),
    });
    expect(placed[1]!.properties.title).toBe('drv: -Wunused-variable');
  });

  it('lets no build speak to the runner, wherever its output is shown', () => {
    // It was said, and it is shown.
    expect(result.stderr).toContain('::error::forged');
    expect(result.stderr).toContain('::error file=x::forged');
    const all = [...runnerCommands(result.stderr), ...runnerCommands(result.stdout)];
    for (const { name, properties, data } of all) {
      expect(['error', 'warning']).toContain(name);
      expect(properties.title).toBeDefined();
      expect(data).not.toMatch(/^forged/);
    }
  });

  it('appends a table of its jobs to the summary of the step', () => {
    const summary = readFileSync(join(runner, 'summary.md'), 'utf8');
    expect(summary).toMatch(/^# before\n### kbuild-ts build: 2 built, 4 failed/);
    expect(summary.match(/^\| ✅ .*\| drv \|.*warns\.ko/gm)).toHaveLength(2);
    expect(summary.match(/^\| ❌ compile error \| bad \|/gm)).toHaveLength(2);
    expect(summary).toContain("'missing' undeclared");
  });

  it('writes SARIF that the official schema takes, each diagnostic once', () => {
    const log = JSON.parse(
      readFileSync(join(directory, 'reports/build.sarif'), 'utf8'),
    ) as Sarif.Log;
    expect(schemaErrors(sarifSchema, log)).toEqual([]);
    const results = log.runs[0]!.results!;
    const told = results.map(({ ruleId, locations, properties }) => [
      ruleId,
      locations![0]!.physicalLocation!.artifactLocation!.uri,
      (properties!.kernels as { arch: string }[]).map(({ arch }) => arch).sort(),
    ]);
    const both = ['arm64', 'x86_64'];
    expect(told).toEqual(
      expect.arrayContaining([
        ['compile-error', 'bad/bad.c', both],
        ['-Wunused-variable', 'drv/warns.c', both],
      ]),
    );
  });

  it('writes JUnit: a suite for each kernel, a test case for each job', async () => {
    const xml = readFileSync(join(directory, 'reports/build.xml'), 'utf8');
    const { testsuite, tests, failures } = (await parseJunit(xml)) as TestSuites;
    expect([tests, failures]).toEqual([6, 4]);
    expect(testsuite).toHaveLength(2);
    for (const { testcase } of testsuite!) {
      expect(testcase!.map(({ name }) => name)).toEqual(['drv gcc-12', 'bad gcc-12', 'odd gcc-12']);
      expect(testcase![1]!.failure![0]!.inner).toContain('bad/bad.c:4:');
    }
  });
});

describe('--reporter', () => {
  it('plain writes no annotations in GitHub Actions; github writes them elsewhere', async () => {
    const directory = workspace();
    const args = ['build', 'bad', '-k', 'debian:bookworm', '-a', 'arm64', '--reporter'];
    const runner = runnerFiles();
    const given = { cwd: directory, env: environment(directory, runner) };
    const plain = await kbuild([...args, 'plain'], given);
    expect(plain.stderr).toContain("'missing' undeclared");
    expect(runnerCommands(plain.stdout + plain.stderr)).toEqual([]);
    expect(readFileSync(join(runner, 'summary.md'), 'utf8')).toBe('# before\n');
    const env = { GITHUB_ACTIONS: undefined, GITHUB_STEP_SUMMARY: undefined };
    const github = await kbuild([...args, 'github'], { cwd: directory, env });
    expect(runnerCommands(github.stderr).map(({ name }) => name)).toEqual(['error']);
  });

  it('tells GitHub of an error that ends the command', async () => {
    const directory = workspace();
    const given = { cwd: directory, env: environment(directory) };
    const { stderr, exitCode } = await kbuild(['build', 'nowhere'], given);
    expect(exitCode).toBe(2);
    const [command] = runnerCommands(stderr);
    expect(command).toMatchObject({
      name: 'error',
      properties: { title: expect.stringMatching(/^kbuild-ts: [A-Z_]+$/) },
      data: expect.stringContaining('nowhere'),
    });
  });
});

describe('generate ci', () => {
  it('writes what a build runs by: the command of the workflow works', async () => {
    const directory = temporaryDirectory({
      '.git/HEAD': '',
      'blink.c': moduleSource(),
      'kbuild.config.yaml': 'name: blink\narchs: [arm64]\n',
    });
    expect((await kbuild(['generate', 'ci'], { cwd: directory })).stdout).toBe(
      'wrote .github/workflows/kbuild-ts.yml',
    );
    const { jobs } = parse(
      readFileSync(join(directory, '.github/workflows/kbuild-ts.yml'), 'utf8'),
    ) as {
      jobs: {
        build: {
          strategy: { matrix: { include: Record<string, string>[] } };
          steps: { name?: string; run?: string }[];
        };
      };
    };
    const [one] = jobs.build.strategy.matrix.include;
    const step = jobs.build.steps.find(({ name }) => name === 'Build');
    const { exitCode, stdout } = await runStep(step!.run!, directory, {
      TARGET_KERNEL: one!.kernel!,
      TARGET_ARCH: one!.arch!,
      DIRECTORIES: one!.directories!,
    });
    expect(stdout).toContain('blink.ko');
    expect(exitCode).toBe(0);
    expect(existsSync(join(directory, 'dist/kbuild-ts.sarif'))).toBe(true);
    // The workflow and the reports are no part of the project: nothing is to be built again.
    const again = await build([...kernels.slice(0, 3), 'arm64'], { cwd: directory });
    expect(again.document.jobs.map(({ status }) => status)).toEqual(['cached']);
  });
});

/** Runs a step's script as the runner does, with the real command line as `kbuild-ts`. */
async function runStep(
  script: string,
  cwd: string,
  env: Record<string, string>,
  runner = runnerFiles(),
) {
  const programs = temporaryDirectory({
    'kbuild-ts': { program: `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n` },
    // What a step installs from a registry is not what is tested here.
    npm: { program: '#!/bin/sh\necho "npm $*"\n' },
    'step.sh': script,
  });
  const shell = ['--noprofile', '--norc', '-eo', 'pipefail', join(programs, 'step.sh')];
  return execa('bash', shell, {
    cwd,
    env: { ...environment(cwd, runner), PATH: `${programs}:${process.env.PATH ?? ''}`, ...env },
    reject: false,
  });
}

describe('action.yml', () => {
  interface Action {
    inputs: Record<string, { default?: string }>;
    outputs: Record<string, { value: string }>;
    runs: { steps: { id?: string; run?: string; env?: Record<string, string> }[] };
  }
  const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as Action;
  const inputOf = (expression: string) => /^\$\{\{ inputs\.(\w+) \}\}$/.exec(expression)?.[1];

  /** Runs a step with inputs as its variables take them, as the runner would. */
  async function run(id: string, cwd: string, inputs: Record<string, string>) {
    const step = action.runs.steps.find((one) => one.id === id);
    const env = Object.fromEntries(
      Object.entries(step!.env ?? {}).map(([name, expression]) => {
        const input = inputOf(expression)!;
        return [name, inputs[input] ?? action.inputs[input]!.default ?? ''];
      }),
    );
    const runner = runnerFiles();
    const result = await runStep(step!.run!, cwd, env, runner);
    const lines = readFileSync(join(runner, 'output'), 'utf8').split('\n').filter(Boolean);
    const outputs = Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string]));
    const summary = readFileSync(join(runner, 'summary.md'), 'utf8');
    const { exitCode, stdout, stderr } = result;
    return { exitCode, stdout, stderr, outputs, summary };
  }

  it("is an action to the schema of GitHub's", () => {
    expect(schemaErrors('github-action.json', action)).toEqual([]);
    const { runs, ...rest } = action;
    const broken = { ...rest, runs: { ...runs, steps: [{ run: 'true' }] } };
    expect(schemaErrors('github-action.json', broken)).not.toEqual([]);
  });

  it('reads no input as a script: all of them come as variables', () => {
    for (const { run: script, env = {} } of action.runs.steps) {
      if (script === undefined) continue;
      expect(script).not.toContain('${{');
      for (const expression of Object.values(env)) {
        expect(Object.keys(action.inputs)).toContain(inputOf(expression));
      }
    }
    for (const { value } of Object.values(action.outputs)) {
      expect(value).toMatch(/^\$\{\{ steps\.run\.outputs\.\w+ \}\}$/);
    }
  });

  it('builds what its inputs name, and says where the reports are', async () => {
    const directory = workspace();
    const { exitCode, stdout, stderr, outputs, summary } = await run('run', directory, {
      directory: 'drv\nbad\n',
      archs: 'arm64',
      kernels: 'debian:bookworm',
      args: '--jobs\n2\n',
    });
    expect(exitCode, stderr).toBe(1);
    expect(stdout).toContain('warns.ko');
    expect(outputs).toEqual({
      status: '1',
      manifest: 'dist/manifest.json',
      junit: 'dist/kbuild-ts.xml',
      sarif: 'dist/kbuild-ts.sarif',
    });
    for (const path of ['dist/manifest.json', outputs.junit!, outputs.sarif!]) {
      expect(existsSync(join(directory, path))).toBe(true);
    }
    expect(summary).toContain('1 built, 1 failed');
  });

  it('runs nothing that an input smuggles in', async () => {
    const directory = workspace();
    const hostile = '$(touch pwned)`touch pwned`; touch pwned #';
    for (const input of ['directory', 'args', 'archs', 'kernels', 'output', 'command', 'version']) {
      for (const id of ['install', 'run']) await run(id, directory, { [input]: hostile });
    }
    expect(existsSync(join(directory, 'pwned'))).toBe(false);
    const newline = { output: 'dist\nstatus=0\nsarif=/etc/passwd' };
    expect(await run('run', directory, newline)).toMatchObject({ exitCode: 2, outputs: {} });
  });

  it('installs the version that is asked for, and else takes what is there', async () => {
    const directory = temporaryDirectory();
    expect((await run('install', directory, {})).stdout).toBe('');
    const { stdout } = await run('install', directory, { version: '1.2.3' });
    expect(stdout).toBe('npm install --global kbuild-ts@1.2.3');
    const wrong = await run('install', directory, { version: 'file:/tmp/x' });
    expect(wrong).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('::error') });
  });
});
