import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DockerImages } from '../../src/runtime/docker/docker-images.js';
import { findEngine } from '../../src/runtime/docker/connect.js';
import { artifactsOf, build, examples, kbuild } from '../support/cli.js';
import { kbuildErrorOf } from '../support/kbuild-error-of.js';
import { startPodman, type Podman } from '../support/podman.js';
import { startRegistry, type Registry } from '../support/registry.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** The base image that Docker has made its images of: a registry's, or one that was made here. */
async function baseImageName(): Promise<string> {
  await kbuild(['toolchain', 'build', 'gcc-12']);
  const images = new DockerImages(findEngine());
  const names = ['debian:bookworm-slim', 'kbuild-ts/base:bookworm'];
  for (const name of names) if ((await images.find(name)) !== undefined) return name;
  throw new Error(`Docker has none of ${names.join(', ')}`);
}

describe('Podman', () => {
  let registry: Registry;
  let podman: Podman;
  let env: Record<string, string>;
  let pathWithoutMmdebstrap: string;

  beforeAll(async () => {
    await kbuild(['kernel', 'fetch', 'debian:bullseye', '--arch', 'arm64']);
    registry = await startRegistry(
      temporaryDirectory(),
      await baseImageName(),
      'debian:bookworm-slim',
    );
    podman = await startPodman(temporaryDirectory(), registry.address);
    env = { DOCKER_HOST: podman.address };
    pathWithoutMmdebstrap = temporaryDirectory({ node: { link: process.execPath } });
  });

  afterAll(async () => {
    await podman.stop();
    registry.stop();
  });

  const args = [examples, '--arch', 'arm64,x86_64', '--no-cache'];

  it('pulls its base image from a registry, where one gives it, and needs no mmdebstrap', async () => {
    const { exitCode, document, stderr } = await build([...args, '--out', temporaryDirectory()], {
      env: { ...env, PATH: pathWithoutMmdebstrap },
    });
    expect(exitCode, stderr).toBe(0);
    expect(document.jobs.map(({ status }) => status)).toEqual(document.jobs.map(() => 'built'));
  });

  it('builds the same bytes as Docker, with the image that it has, and leaves no container', async () => {
    const podmans = await build([...args, '--out', temporaryDirectory()], { env });
    expect(podmans.exitCode, podmans.stderr).toBe(0);
    expect(podmans.stderr).not.toContain('image gcc-12');
    const dockers = await build([...args, '--out', temporaryDirectory()]);
    const hashes = [podmans, dockers].map(({ document }) =>
      artifactsOf(document).map(({ path, sha256 }) => `${basename(path)} ${sha256}`),
    );
    expect(hashes[0]).toHaveLength(10);
    expect(hashes[0]).toEqual(hashes[1]);
    expect(await podman.podman('ps', '--all', '--quiet')).toBe('');
  });

  it('takes the root file system of a bootstrapped image under the name that it is given', async () => {
    const images = new DockerImages(findEngine(env));
    const archive = join(temporaryDirectory({ 'hello.txt': 'hello' }), 'hello.txt');
    await execa('tar', ['-cf', `${archive}.tar`, '-C', dirname(archive), 'hello.txt']);
    const imported = await images.importArchive(`${archive}.tar`, 'kbuild-ts-test/tiny:1.0');
    expect(await images.find('kbuild-ts-test/tiny:1.0')).toEqual(imported);
  });

  it('without an image, a registry or mmdebstrap is told what it lacks', async () => {
    const kernel = ['--kernel', 'debian:bullseye']; // of whose image the registry has none
    const { exitCode, document } = await build(
      [
        join(examples, 'hello'),
        ...kernel,
        '--arch',
        'arm64',
        '--no-cache',
        '--out',
        temporaryDirectory(),
      ],
      { env: { ...env, PATH: pathWithoutMmdebstrap } },
    );
    expect(document.jobs[0]?.error).toMatchObject({
      code: 'IMAGE_BASE_UNAVAILABLE',
      message: expect.stringContaining('no registry gives debian:bullseye-slim'),
      hint: expect.stringContaining('apt-get install mmdebstrap'),
    });
    expect(exitCode).toBe(4);
  });

  it('is called by its name', async () => {
    const { stdout } = await kbuild(['doctor'], { env });
    expect(stdout).toMatch(/engine +Podman \d/);
  });

  it('has a limit on memory, as Docker has', async () => {
    const project = temporaryDirectory({
      Kbuild: 'obj-m := big.o\n$(obj)/big.c: FORCE\n\ttail /dev/zero > $@\n',
    });
    const { document } = await build([project, '--arch', 'arm64', '--memory', '128m'], { env });
    expect(document.jobs[0]?.error?.code).toBe('BUILD_OUT_OF_MEMORY');
  });
});

describe('an image that cannot be built', () => {
  it('is an error with the engine’s own words, though the engine answered 200', async () => {
    const images = new DockerImages(findEngine());
    const recipe = {
      name: 'kbuild-ts/broken:test',
      dockerfile: `FROM ${await baseImageName()}\nRUN exit 42\n`,
      args: {},
      key: 'test',
    };
    const lines: string[] = [];
    const error = await kbuildErrorOf(() => images.build(recipe, (line) => lines.push(line)));
    expect(error.code).toBe('IMAGE_BUILD_FAILED');
    expect(error.message).toContain('42');
    expect(lines.join('\n')).toContain('RUN exit 42');
    expect(await images.find(recipe.name)).toBeUndefined();
  });
});
