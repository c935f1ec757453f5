import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Event } from '../events/event.js';
import type { Image, ImageRecipe, ImageStore } from '../runtime/port.js';
import { ensureToolchainImage } from './ensure-image.js';
import { toolchainImage } from './image-recipe.js';
import { toolchainByName } from './toolchain.js';

const gcc12 = toolchainByName('gcc-12');
const recipe = toolchainImage(gcc12, archByName('x86_64'));
const base = 'debian:bookworm-slim';

/** An engine's images in memory; a registry has those that are named. */
class FakeImages implements ImageStore {
  readonly done: string[] = [];
  readonly imported: string[] = [];
  readonly #images: Map<string, Image>;
  readonly #registry: readonly string[];

  constructor(present: readonly string[], registry: readonly string[] = []) {
    this.#images = new Map(present.map((name) => [name, this.#image(name)]));
    this.#registry = registry;
  }

  #image(name: string): Image {
    return { id: `sha256 of ${name}` };
  }

  #add(name: string): Image {
    const image = this.#image(name);
    this.#images.set(name, image);
    return image;
  }

  find(name: string): Promise<Image | undefined> {
    return Promise.resolve(this.#images.get(name));
  }

  pull(name: string, onLine: (line: string) => void): Promise<Image | undefined> {
    this.done.push(`pull ${name}`);
    if (this.#registry.includes(name)) return Promise.resolve(this.#add(name));
    onLine(`${name} cannot be pulled: no such host`);
    return Promise.resolve(undefined);
  }

  importArchive(archive: string, name: string): Promise<Image> {
    this.done.push(`import ${name}`);
    this.imported.push(readFileSync(archive, 'utf8'));
    return Promise.resolve(this.#add(name));
  }

  build({ name, args }: ImageRecipe, onLine: (line: string) => void): Promise<Image> {
    if (!this.#images.has(args.BASE ?? '')) throw new Error('the base image is not there');
    this.done.push(`build ${name}`);
    onLine('Step 1/3 : FROM');
    return Promise.resolve(this.#add(name));
  }

  removeOurs(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

function ensure(images: ImageStore, signal = new AbortController().signal) {
  const events: Event[] = [];
  const image = ensureToolchainImage(gcc12, {
    images,
    buildArch: 'x86_64',
    scratch: temporaryDirectory(),
    emit: (event) => events.push(event),
    signal,
  });
  return { image, events };
}

/** Puts a directory before all others in PATH: what the programs in it are called. */
function onlyPrograms(programs: Record<string, string>): void {
  const files = Object.entries(programs).map(([name, program]) => [name, { program }] as const);
  const system = process.env.PATH ?? '';
  const own = temporaryDirectory(Object.fromEntries(files));
  vi.stubEnv('PATH', Object.keys(programs).length > 0 ? `${own}:${system}` : own);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('ensureToolchainImage', () => {
  it('takes the image that is there, without a word', async () => {
    const images = new FakeImages([recipe.name]);
    const { image, events } = ensure(images);
    expect(await image).toEqual({ id: `sha256 of ${recipe.name}` });
    expect([images.done, events]).toEqual([[], []]);
  });

  it('builds it on the base image that is there, and tells so', async () => {
    const images = new FakeImages([base]);
    const { image, events } = ensure(images);
    expect((await image).id).toBe(`sha256 of ${recipe.name}`);
    expect(images.done).toEqual([`build ${recipe.name}`]);
    expect(events.map(({ type }) => type)).toEqual([
      'prepare-start',
      'prepare-line',
      'prepare-end',
    ]);
    expect(events[0]).toMatchObject({ title: 'image gcc-12' });
    expect(events[2]).not.toHaveProperty('error');
  });

  it('pulls a base image that is not there', async () => {
    const images = new FakeImages([], [base]);
    await ensure(images).image;
    expect(images.done).toEqual([`pull ${base}`, `build ${recipe.name}`]);
  });

  it('makes the base image of packages where no registry gives it', async () => {
    onlyPrograms({
      mmdebstrap:
        '#!/bin/sh\necho "I: installing" >&2\nfor last; do :; done\necho "$*" > "$last"\n',
    });
    const images = new FakeImages([]);
    const { image, events } = ensure(images);
    await image;
    expect(images.done).toEqual([
      `pull ${base}`,
      'import kbuild-ts/base:bookworm',
      `build ${recipe.name}`,
    ]);
    expect(images.imported[0]).toMatch(/--variant=minbase .*bookworm \S+bookworm\.tar\n$/);
    const lines = events.flatMap((event) => (event.type === 'prepare-line' ? event.line : []));
    expect(lines).toEqual([
      `${base} cannot be pulled: no such host`,
      expect.stringContaining('mmdebstrap'),
      'I: installing',
      'Step 1/3 : FROM',
    ]);
  });

  it('says what to install where neither registry nor mmdebstrap is there', async () => {
    onlyPrograms({});
    const images = new FakeImages([]);
    const { image, events } = ensure(images);
    const error = await kbuildErrorOf(() => image);
    expect(error.code).toBe('IMAGE_BASE_UNAVAILABLE');
    expect(error.message).toBe(`no registry gives ${base}, and mmdebstrap is not installed`);
    expect(error.hint).toContain('apt-get install mmdebstrap');
    expect(images.done).toEqual([`pull ${base}`]);
    expect(events.at(-1)).toMatchObject({
      type: 'prepare-end',
      error: { code: 'IMAGE_BASE_UNAVAILABLE' },
    });
  });

  it('quotes the last words of an mmdebstrap that fails', async () => {
    onlyPrograms({
      mmdebstrap: '#!/bin/sh\necho first\necho "E: no mirror answers" >&2\nexit 25\n',
    });
    const error = await kbuildErrorOf(() => ensure(new FakeImages([])).image);
    expect(error.code).toBe('IMAGE_BASE_UNAVAILABLE');
    expect(error.message).toContain('mmdebstrap failed: E: no mirror answers');
  });

  it('is interrupted while mmdebstrap works', async () => {
    onlyPrograms({ mmdebstrap: '#!/bin/sh\necho working\nexec sleep 600\n' });
    const abort = new AbortController();
    const images = new FakeImages([]);
    const context = {
      images,
      buildArch: 'x86_64',
      scratch: temporaryDirectory(),
      emit: (event: Event) => {
        if (event.type === 'prepare-line' && event.line === 'working') abort.abort();
      },
      signal: abort.signal,
    };
    const error = await kbuildErrorOf(() => ensureToolchainImage(gcc12, context));
    expect(error.code).toBe('INTERRUPTED');
    expect(images.done).toEqual([`pull ${base}`]);
  });

  it('passes on what the engine fails with', async () => {
    const images = new FakeImages([]);
    images.find = () => Promise.reject(new KbuildError('ENGINE_FAILED', 'no', 'look'));
    expect((await kbuildErrorOf(() => ensure(images).image)).code).toBe('ENGINE_FAILED');
  });
});
