import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build } from '../support/cli.js';
import { usual, writeScenario, type Scenario } from '../support/dkms-scenario.js';
import { scenarios } from '../support/dkms-scenarios/topics.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const directory = temporaryDirectory();
const scenarioOf = (name: string): Scenario => {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario;
};
const sourceOf = (name: string) => writeScenario(directory, name, scenarioOf(name));

describe('a single source', () => {
  const out = () => temporaryDirectory();
  const kernel = ['-k', 'debian:bookworm', '--arch', 'x86_64'];
  const of = (name: string, ...more: string[]) =>
    build([sourceOf(name), ...kernel, '--out', out(), ...more]);
  const summary = ({ exitCode: exit, document }: Awaited<ReturnType<typeof build>>) => [
    exit,
    document.status,
    ...document.jobs.map(({ status, error }) => error?.code ?? status),
  ];

  it('that is excluded ends well, from the cache too, without an engine', async () => {
    expect(summary(await of('only_kernel'))).toEqual([0, 'succeeded', 'DKMS_EXCLUDED']);
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    const args = [sourceOf('only_kernel'), ...kernel, '--out', out()];
    const again = await build(args, { env });
    expect(summary(again), again.stderr).toEqual([0, 'succeeded', 'DKMS_EXCLUDED']);
    expect(again.document.jobs[0]?.status).toBe('skipped');
  });

  it.each([
    ['empty', 2, 'DKMS_CONF_INVALID'],
    ['patch_missing', 2, 'DKMS_PATCH_MISSING'],
    ['patch_wrong_order', 1, 'DKMS_PATCH_FAILED'],
    ['hook_before_fails', 1, 'DKMS_HOOK_FAILED'],
    ['depends_missing', 2, 'DKMS_DEPENDENCY_MISSING'],
    ['zero_modules', 1, 'BUILD_NO_MODULES'],
    ['make_true', 1, 'BUILD_MODULE_MISSING'],
    ['machine_release', 3, 'VERIFY_FAILED'],
  ])('such as %s ends with exit status %i', async (name, status, code) => {
    expect(summary(await of(name))).toEqual([status, 'failed', code]);
  });

  it('without dkms.conf is no DKMS source', async () => {
    const { exitCode: exit, document } = await build([temporaryDirectory({ '.placeholder': '' })]);
    expect([exit, document.error?.code]).toEqual([2, 'PROJECT_NO_MODULES']);
  });

  it('is not built without isolation', async () => {
    const { exitCode: exit, document } = await of('plain', '--runtime', 'host');
    expect([exit, document.error?.code]).toEqual([2, 'DKMS_ISOLATION']);
  });

  it('gets trees beside it, directives and overlays from the command line', async () => {
    const taker = writeScenario(temporaryDirectory(), 'depends_taker', {
      ...scenarioOf('depends_taker'),
      files: { ...scenarioOf('depends_taker').files, 'kbuild.config.yaml': 'name: taker\n' },
    });
    const overlay = temporaryDirectory({ 'depends_taker.conf': 'POST_ADD=over\n' });
    const { document, stderr } = await build([
      ...[taker, ...kernel, '--out', out(), '--with', sourceOf('depends_giver')],
      ...['--overlay', overlay, '--directive', 'POST_INSTALL=on the line'],
    ]);
    const [giver, job] = document.jobs;
    expect(giver?.project, stderr).toBe('depends_giver');
    expect(job?.error).toBeUndefined();
    expect(job?.artifacts.map(({ path }) => basename(path))).toEqual(['depends_taker.ko']);
    expect(job?.dkms?.overlays).toEqual(['depends_taker.conf']);
    expect(job?.dkms?.hooks).toEqual({ POST_ADD: 'over', POST_INSTALL: 'on the line' });
  });
});

describe('two versions of a package in one run', () => {
  it('are refused where they give the same file, and others go on', async () => {
    const parent = temporaryDirectory();
    const versions = ['1.0', '2.0'].map((version) => {
      const scenario = scenarioOf('plain');
      const conf = usual.replace('"1.0"', `"${version}"`);
      return writeScenario(join(parent, version), 'twin', { ...scenario, conf });
    });
    const args = [...versions, sourceOf('plain'), '-k', 'debian:bookworm', '-a', 'x86_64'];
    const output = temporaryDirectory();
    const { exitCode: exit, document, stderr } = await build([...args, '--out', output]);
    expect(
      document.jobs.map(({ version, error }) => [version, error?.code]),
      stderr,
    ).toEqual([
      ['1.0', 'PLAN_OUTPUT_COLLISION'],
      ['2.0', 'PLAN_OUTPUT_COLLISION'],
      ['1.0', undefined],
    ]);
    expect(exit).toBe(2);
    expect(readdirSync(join(output, document.jobs[2]?.release ?? '', 'x86_64'))).toEqual([
      'plain.ko',
    ]);
  });
});
