import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build, examples, start } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import { moduleSource, slowKbuild } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/until.js';

/** All that is in a directory, with what would change if somebody wrote there. */
function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).mtimeMs} ${readFileSync(path, 'base64')}`)
    .sort();
}

let projects = 0;

/** A project that was built once, and whose next build takes a minute. */
async function slowProject() {
  const name = `slow${process.pid}_${projects++}`;
  const project = temporaryDirectory({
    'kbuild.config.yaml': `name: ${name}\n`,
    Kbuild: 'obj-m := quick.o\n',
    'quick.c': moduleSource(),
  });
  const { exitCode } = await build([project, '--arch', 'arm64']);
  expect(exitCode).toBe(0);
  writeFileSync(join(project, 'Kbuild'), slowKbuild);
  return { project, name, before: listing(join(project, 'dist')) };
}

/** Starts a build and waits until its compile goes on in a container. */
async function startCompile(project: string, name: string) {
  const child = start(['build', project, '--arch', 'arm64', '--verbose']);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('compiling slowly'), 'the compile goes on');
  expect(await containersOf(name)).toHaveLength(1);
  return { child }; // not the child alone: it is a promise of its end
}

describe('a build that is interrupted', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${signal} ends within 3 seconds with exit code 130 and leaves nothing`, async () => {
      const { project, name, before } = await slowProject();
      const { child } = await startCompile(project, name);
      const begun = performance.now();
      child.kill(signal);
      const { exitCode, stderr } = await child;
      // Not a measurement but the promise itself: a compile of a minute does not hold it up.
      expect(performance.now() - begun).toBeLessThan(3000);
      expect(exitCode).toBe(130);
      expect(stderr).toContain('[INTERRUPTED]');
      expect(await containersOf(name)).toEqual([]);
      expect(listing(join(project, 'dist'))).toEqual(before);
    });
  }

  it('by SIGKILL leaves a container, which the next run removes', async () => {
    const { project, name, before } = await slowProject();
    const { child } = await startCompile(project, name);
    child.kill('SIGKILL');
    await child;
    expect(await containersOf(name)).toHaveLength(1);
    expect(listing(join(project, 'dist'))).toEqual(before);

    const out = ['--out', temporaryDirectory()];
    const next = await build([join(examples, 'hello'), '--arch', 'arm64', '--no-cache', ...out]);
    expect(next.exitCode).toBe(0);
    expect(await containersOf(name)).toEqual([]);
  });
});

describe('two runs at once', () => {
  it('in one project do not disturb each other', async () => {
    const out = temporaryDirectory();
    const args = [examples, '--arch', 'arm64', '--no-cache', '--out', out];
    const [first, second] = await Promise.all([build(args), build(args)]);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    const hashes = [first, second].map(({ document }) =>
      document.jobs.flatMap(({ artifacts }) => artifacts.map(({ sha256 }) => sha256)),
    );
    expect(hashes[0]).toEqual(hashes[1]);
    const manifest: unknown = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect([first.document, second.document]).toContainEqual(manifest);
    const hidden = readdirSync(out, { recursive: true }).filter((path) =>
      /(^|\/)\./.test(String(path)),
    );
    expect(hidden).toEqual(['.kbuild-ts.json']);
  });
});
