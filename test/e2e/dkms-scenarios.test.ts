import { basename, join } from 'node:path';
import { execaSync } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import { build } from '../support/cli.js';
import { overlayFiles } from '../support/dkms-scenarios/directives.js';
import { scenarios, topics } from '../support/dkms-scenarios/topics.js';
import { checkScenario, writeScenario } from '../support/dkms-scenario.js';
import { dkmsContainer } from '../support/dkms-container.js';
import { fetchedKdir } from '../support/kdir.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

const directory = temporaryDirectory({
  'kbuild.config.yaml': "projects: ['*']\narchs: [x86_64]\nkernels: [debian:bookworm]\n",
});
let manifest: Manifest;
let exitCode: number | undefined;

beforeAll(async () => {
  const { release } = await fetchedKdir('debian:bookworm', 'x86_64');
  for (const [name, scenario] of Object.entries(scenarios)) {
    writeScenario(directory, name, scenario);
  }
  writeTree(join(directory, 'overlay.d'), overlayFiles(release));
  const run = await build([directory]);
  if (run.document.error !== undefined) throw new Error(run.stderr);
  manifest = run.document;
  exitCode = run.exitCode;
});

const jobOf = (name: string): JobRecord => {
  const job = manifest.jobs.find(({ sources }) => sources[0]?.placement === name);
  if (job === undefined) throw new Error(`no job for ${name}`);
  return job;
};

describe.each(Object.entries(topics))('%s', (_, cases) => {
  it.each(Object.entries(cases))('%s', (name, scenario) => {
    const job = jobOf(name);
    checkScenario(name, scenario, job, manifest.output);
  });
});

describe('the run', () => {
  it('ends with the exit status of its gravest failure', () => {
    expect(manifest.status).toBe('failed');
    expect(exitCode).toBe(3);
  });

  it('has stripped what STRIP says, by readelf', () => {
    const hasDebugInfo = (job: string, module: string) => {
      const artifact = jobOf(job).artifacts.find(({ path }) => basename(path) === `${module}.ko`);
      const file = join(manifest.output, artifact?.path ?? '');
      return execaSync('readelf', ['-SW', file]).stdout.includes('.debug_info');
    };
    expect(hasDebugInfo('stripped', 'stripped')).toBe(false);
    expect(hasDebugInfo('stripped', 'stripped_no')).toBe(true);
    expect(hasDebugInfo('stripped', 'stripped_too')).toBe(false);
    expect(hasDebugInfo('stripped_never', 'stripped_never')).toBe(true);
    expect(hasDebugInfo('stripped_never', 'stripped_never_too')).toBe(true);
    expect(hasDebugInfo('machine_exclusive_met', 'machine_exclusive_met')).toBe(false);
  });

  it('has built for the machine of the kernel, by readelf', () => {
    for (const name of ['machine_tools', 'machine_nested', 'plain']) {
      const [artifact] = jobOf(name).artifacts;
      const header = execaSync('readelf', ['-h', join(manifest.output, artifact?.path ?? '')]);
      expect(header.stdout).toContain(name === 'plain' ? 'X86-64' : 'AArch64');
    }
  });
});

describe('dkms itself, 3.2.2', () => {
  const compared = Object.entries(scenarios).flatMap(([name, { dkms }]) =>
    dkms === undefined ? [] : [{ name, exit: typeof dkms === 'number' ? dkms : dkms.exit }],
  );

  it(`says the same of ${compared.length} of them, but for what stands there`, async () => {
    const { run } = await dkmsContainer('trixie');
    const [first, ...others] = compared.map(({ name }) => name);
    const { stdout, stderr } = await run(
      `build() {
  local name=$1 status=0 version
  dkms add "/trees/$name" > "/tmp/$name" 2>&1 || status=$?
  version=$(sed -n 's|.*/var/lib/dkms/\\(.*\\)/source ->.*|\\1|p' "/tmp/$name")
  [ $status != 0 ] || dkms build "$version" -k "$KERNEL" >> "/tmp/$name" 2>&1 || status=$?
  echo "$name $status"
  sed "s/^/$name: /" "/tmp/$name" >&2
}
export -f build
build ${first} # makes the key of the others
printf '%s\\n' ${others.join(' ')} | xargs -P "$(nproc)" -I {} bash -c 'build {}'`,
      { mounts: [{ source: directory, target: '/trees' }] },
    );
    const said = Object.fromEntries(stdout.split('\n').map((line) => line.split(' ')));
    const expected = Object.fromEntries(compared.map(({ name, exit }) => [name, String(exit)]));
    expect({ ...said, '': undefined }, stderr).toEqual({ ...expected, '': undefined });
  });
});
