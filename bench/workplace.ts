import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** References of kernels of one release of Debian 12, as `--kernel` takes them. */
export interface Kernels {
  amd64: string;
  cloudAmd64: string;
  arm64: string;
  cloudArm64: string;
}

/**
 * What a cold build has: headers, the package index and what is known of images. Whatever else a
 * cache holds was made by a build.
 */
const kept = ['packages', 'kernels', 'repositories', 'images', 'locks'];

/** A directory of the bench's own, with caches that nobody else uses. */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'kbuild-ts-bench-'));
  readonly #bin: string;
  #kernels: Promise<Kernels> | undefined;

  constructor(bin: string) {
    this.#bin = bin;
  }

  /** The kernels whose headers every cache of the workplace has. */
  kernels(): Promise<Kernels> {
    return (this.#kernels ??= this.#fetch());
  }

  async #fetch(): Promise<Kernels> {
    const fetch = ['kernel', 'fetch', 'debian:bookworm', '--arch', 'x86_64', '--json'];
    const env = { KBUILD_TS_CACHE_DIR: this.#fetched };
    const { stdout } = await execa('node', [this.#bin, ...fetch], { env });
    const { kernels } = JSON.parse(stdout) as { kernels: { release: string }[] };
    const abi = kernels[0]?.release.replace(/-amd64$/, '') ?? '';
    const ref = (flavour: string) => `debian:bookworm/${abi}-${flavour}`;
    const all: Kernels = {
      amd64: ref('amd64'),
      cloudAmd64: ref('cloud-amd64'),
      arm64: ref('arm64'),
      cloudArm64: ref('cloud-arm64'),
    };
    const archs = ['--arch', 'x86_64,arm64'];
    await execa('node', [this.#bin, 'kernel', 'fetch', ...Object.values(all), ...archs], { env });
    return all;
  }

  get #fetched(): string {
    return join(this.directory, 'fetched');
  }

  /** The environment of a cache with the headers in it, and nothing built. */
  async cache(name: string): Promise<{ KBUILD_TS_CACHE_DIR: string }> {
    await this.kernels();
    const cache = join(this.directory, name);
    await mkdir(cache);
    // Hard links: the headers are tens of thousands of files, and nothing writes to them.
    for (const entry of await readdir(this.#fetched)) {
      if (!kept.includes(entry)) continue;
      await execa('cp', ['-a', '--link', join(this.#fetched, entry), cache]);
    }
    return { KBUILD_TS_CACHE_DIR: cache };
  }

  /** Forgets all that was built: the next build of this cache is cold. */
  async forget(cache: { KBUILD_TS_CACHE_DIR: string }, ...outputs: string[]): Promise<void> {
    const directory = cache.KBUILD_TS_CACHE_DIR;
    const made = (await readdir(directory)).filter((entry) => !kept.includes(entry));
    for (const path of [...made.map((entry) => join(directory, entry)), ...outputs]) {
      await rm(path, { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
