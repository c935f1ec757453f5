import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  convertWorkflowTemplate,
  NoOperationTraceWriter,
  parseWorkflow,
} from '@actions/workflow-parser';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { moduleSource } from '../../test/support/project.js';
import { gitlabSchema, schemaErrors } from '../../test/support/schemas.js';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import { packageVersion } from '../data/package-root.js';
import { generateCi, type CiProvider } from './generate-ci.js';

const blink = {
  'blink.c': moduleSource(),
  'kbuild.config.yaml': `name: blink
kernels: [debian:bookworm, 'debian:trixie/6.12.*', ./out]
archs: [arm64, x86_64]
`,
};

/** A repository with these files; what is generated for a directory in it. */
function repository(files: FileTree, directory = '.') {
  const root = temporaryDirectory(files);
  mkdirSync(join(root, '.git'));
  const generate = (provider: CiProvider, more: Partial<Parameters<typeof generateCi>[0]> = {}) =>
    generateCi({
      ...{ provider, directory: join(root, directory), dryRun: false, force: false },
      ...more,
    });
  return { root, generate };
}

/** What is wrong with a workflow, as GitHub's own parser says. */
async function workflowErrors(content: string): Promise<string[]> {
  const parsed = parseWorkflow({ name: 'kbuild-ts.yml', content }, new NoOperationTraceWriter());
  const template = parsed.value && (await convertWorkflowTemplate(parsed.context, parsed.value));
  return [
    ...parsed.context.errors.getErrors().map(({ message }) => message),
    ...(template?.errors ?? []).map(({ Message }) => Message),
  ];
}

interface Workflow {
  permissions: object;
  jobs: Record<
    string,
    {
      permissions: Record<string, string>;
      strategy?: { matrix: { include: Record<string, string>[] } };
      steps: { uses?: string; run?: string }[];
    }
  >;
}

describe('generateCi for GitHub', () => {
  it("is a workflow to GitHub's parser, which refuses a broken one", async () => {
    const { root, generate } = repository(blink);
    const { path, text } = await generate('github');
    expect(path).toBe(join(root, '.github/workflows/kbuild-ts.yml'));
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(await workflowErrors(text)).toEqual([]);
    expect(await workflowErrors(text.replace('runs-on:', 'runs-at:'))).not.toEqual([]);
    expect(await workflowErrors(text.replace('matrix.name', 'matrixx.name'))).not.toEqual([]);
  });

  it('builds for what the configuration names, and for no architecture that a KDIR says itself', async () => {
    const { jobs } = parse((await repository(blink).generate('github')).text) as Workflow;
    const include = jobs.build!.strategy!.matrix.include;
    expect(include.map(({ kernel, arch, directories }) => [kernel, arch, directories])).toEqual([
      ['debian:bookworm', 'arm64', '.'],
      ['debian:bookworm', 'x86_64', '.'],
      ['debian:trixie/6.12.*', 'arm64', '.'],
      ['debian:trixie/6.12.*', 'x86_64', '.'],
      ['./out', '', '.'],
    ]);
    const names = include.map(({ name }) => name!);
    expect(new Set(names).size).toBe(5);
    for (const name of names) expect(name).toMatch(/^[\w.-]+$/);
  });

  it('takes no more rights than it needs, and reads no expression as a script', async () => {
    const { permissions, jobs } = parse(
      (await repository(blink).generate('github')).text,
    ) as Workflow;
    expect(permissions).toEqual({});
    expect(jobs.build!.permissions).toEqual({ contents: 'read', 'security-events': 'write' });
    expect(jobs.release!.permissions).toEqual({ contents: 'read' });
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    for (const { uses, run } of steps) {
      if (uses !== undefined) expect(uses).toMatch(/^(actions|github)\/[\w/-]+@v\d+$/);
      expect(run ?? '').not.toContain('${{');
    }
  });

  it('names each project where they are for different kernels', async () => {
    const files = {
      'kbuild.config.yaml': 'projects: [a, b]\narchs: [arm64]\n',
      'a/a.c': moduleSource(),
      'a/kbuild.config.yaml': 'name: a\nkernels: [debian:bookworm, debian:sid]\n',
      'b/b.c': moduleSource(),
      'b/kbuild.config.yaml': 'name: b\nkernels: [debian:sid]\n',
    };
    const { jobs } = parse((await repository(files).generate('github')).text) as Workflow;
    const include = jobs.build!.strategy!.matrix.include;
    expect(include.map(({ kernel, directories }) => [kernel, directories])).toEqual([
      ['debian:bookworm', 'a'],
      ['debian:sid', '.'],
    ]);
  });

  it('is one job for each architecture where CI systems would not take as many as there are', async () => {
    const refs = Array.from({ length: 120 }, (_, i) => `debian:bookworm/6.1.${i}`);
    const files = {
      ...blink,
      'kbuild.config.yaml': `name: blink\nkernels: [${refs.join(', ')}]\narchs: [arm64, x86_64]\n`,
    };
    const { jobs } = parse((await repository(files).generate('github')).text) as Workflow;
    const include = jobs.build!.strategy!.matrix.include;
    expect(include).toHaveLength(2);
    expect(include[0]!.kernel!.split(',')).toEqual(refs);
  });
});

/** What is wrong by GitLab's schema, which does not look into what jobs extend: it is put into them. */
function gitlabErrors(text: string): string[] {
  const file = parse(text) as Record<string, { extends?: string }>;
  const whole = Object.entries(file).map(([name, { extends: base, ...own }]) => [
    name,
    base === undefined ? file[name] : { ...file[base], ...own },
  ]);
  return schemaErrors(gitlabSchema, Object.fromEntries(whole));
}

describe('generateCi for GitLab', () => {
  it("is what GitLab's schema takes, which refuses a broken one", async () => {
    const { root, generate } = repository(blink);
    const { path, text } = await generate('gitlab');
    expect(path).toBe(join(root, '.gitlab-ci.yml'));
    expect(gitlabErrors(text)).toEqual([]);
    expect(gitlabErrors(text.replace('script:', 'scripts:'))).not.toEqual([]);
    expect(gitlabErrors(text.replace('junit:', 'junitt:'))).not.toEqual([]);
  });

  it('builds the same, from where the project lies in its repository', async () => {
    const files = Object.fromEntries(Object.entries(blink).map(([k, v]) => [`sub/drv/${k}`, v]));
    const { text } = await repository(files, 'sub/drv').generate('gitlab');
    const { build, release, variables } = parse(text) as {
      build: { parallel: { matrix: Record<string, string>[] } };
      release: { script: string[] };
      variables: Record<string, string>;
    };
    expect(build.parallel.matrix).toHaveLength(5);
    expect(build.parallel.matrix.at(-1)).toEqual({
      TARGET_KERNEL: './sub/drv/out',
      TARGET_ARCH: '',
      DIRECTORIES: 'sub/drv',
    });
    expect(release.script.join()).toMatch(/^kbuild-ts release sub\/drv /);
    expect(variables.KBUILD_TS_VERSION).toBe(packageVersion());
  });
});

describe('what is there already', () => {
  it('is written anew as long as it is as it was written', async () => {
    const { root, generate } = repository(blink);
    await generate('github');
    writeFileSync(join(root, 'kbuild.config.yaml'), 'name: blink\narchs: [arm64]\n');
    const { path, text } = await generate('github');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is left alone where it was changed, or is of somebody else', async () => {
    const { generate } = repository(blink);
    const { path, text } = await generate('github');
    for (const changed of [`${text}# mine\n`, text.slice(text.indexOf('\n') + 1), 'on: push\n']) {
      writeFileSync(path, changed);
      const error = await kbuildErrorOf(() => generate('github'));
      expect(error.code).toBe('PROJECT_FILE_EXISTS');
      expect(readFileSync(path, 'utf8')).toBe(changed);
    }
    expect((await generate('github', { dryRun: true })).text).toBe(text);
    expect(readFileSync(path, 'utf8')).toBe('on: push\n');
    await generate('github', { force: true });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('stays where another file is named', async () => {
    const { root, generate } = repository({ ...blink, '.gitlab-ci.yml': 'mine: {}\n' });
    const output = join(root, '.gitlab/kbuild-ts.yml');
    expect((await generate('gitlab', { output })).path).toBe(output);
    expect(readFileSync(join(root, '.gitlab-ci.yml'), 'utf8')).toBe('mine: {}\n');
  });

  it('is no workflow for a directory that a shell would take apart', async () => {
    const files = { 'a b/blink.c': moduleSource() };
    const error = await kbuildErrorOf(() => repository(files, 'a b').generate('github'));
    expect(error).toMatchObject({ code: 'USAGE' });
  });
});
