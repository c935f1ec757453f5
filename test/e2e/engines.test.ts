import { basename, delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DockerImages } from '../../src/runtime/docker/docker-images.js';
import { findEngine } from '../../src/runtime/docker/connect.js';
import { artifactsOf, build, examples, kbuild } from '../support/cli.js';
import { kbuildErrorOf } from '../support/kbuild-error-of.js';
import { startPodman, type Podman } from '../support/podman.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('Podman', () => {
  let podman: Podman;
  let env: Record<string, string>;

  beforeAll(async () => {
    podman = await startPodman(temporaryDirectory());
    env = { DOCKER_HOST: podman.address };
  });

  afterAll(async () => {
    await podman.stop();
  });

  const args = [examples, '--arch', 'arm64,x86_64', '--no-cache'];

  it('without an image, a registry or mmdebstrap is told what it lacks', async () => {
    // Everything but mmdebstrap: directories of programs that this run needs, linked.
    const bin = temporaryDirectory({ node: { link: process.execPath } });
    const { exitCode, document } = await build([join(examples, 'hello'), '--arch', 'arm64', '--no-cache'], {
      env: { ...env, PATH: [bin, ''].join(delimiter) },
    });
    expect(document.jobs[0]?.error).toMatchObject({
      code: 'IMAGE_BASE_UNAVAILABLE',
      message: expect.stringContaining('no registry gives debian:bookworm-slim'),
      hint: expect.stringContaining('apt-get install mmdebstrap'),
    });
    expect(exitCode).toBe(4);
  });

  it('bootstraps its images and builds the same bytes as Docker, leaving no container', async () => {
    const podmans = await build([...args, '--out', temporaryDirectory()], { env });
    expect(podmans.exitCode, podmans.stderr).toBe(0);
    const dockers = await build([...args, '--out', temporaryDirectory()]);
    const hashes = [podmans, dockers].map(({ document }) =>
      artifactsOf(document).map(({ path, sha256 }) => `${basename(path)} ${sha256}`),
    );
    expect(hashes[0]).toHaveLength(10);
    expect(hashes[0]).toEqual(hashes[1]);
    expect(await podman.podman('ps', '--all', '--quiet')).toBe('');
  });

  it('finds its images again', async () => {
    const { exitCode, stderr } = await build([...args, '--out', temporaryDirectory()], { env });
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('image gcc-12');
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
      dockerfile: 'FROM debian:bookworm-slim\nRUN exit 42\n',
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
