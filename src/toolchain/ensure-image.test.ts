import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Event } from '../events/event.js';
import type { Image, ImageRecipe, ImageStore } from '../runtime/port.js';
import { imageWith } from './build-deps-recipe.js';
import { ensureImageWith, ensureToolchainImage } from './ensure-image.js';
import { toolchainImage } from './image-recipe.js';
import { toolchainByName } from './toolchain.js';

const gcc12 = toolchainByName('gcc-12');
const recipe = toolchainImage(gcc12, archByName('x86_64'));
const base = 'debian:bookworm-slim';

/** As apt says it (2.6 to 3.1). */
const expired =
  'E: Release file for http://mirror.example/dists/x/InRelease is expired (invalid since 14d 7h 1min 28s). Updates for this repository will not be applied.';

/** An engine's images in memory; a registry has those that are named. */
class FakeImages implements ImageStore {
  readonly done: string[] = [];
  readonly imported: string[] = [];
  readonly built: ImageRecipe[] = [];
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

  build(recipe: ImageRecipe, onLine: (line: string) => void): Promise<Image> {
    const { name, args } = recipe;
    this.built.push(recipe);
    if (!this.#images.has(args.BASE ?? '')) throw new Error('the base image is not there');
    this.done.push(`build ${name}`);
    onLine('Step 1/3 : FROM');
    return Promise.resolve(this.#add(name));
  }

  removeOurs(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

function ensure(
  images: ImageStore,
  { signal = new AbortController().signal, allowExpired = false } = {},
) {
  const events: Event[] = [];
  const image = ensureToolchainImage(gcc12, {
    images,
    buildArch: 'x86_64',
    scratch: temporaryDirectory(),
    emit: (event) => events.push(event),
    allowExpired,
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

  it('says that an index has expired, and how to take it all the same', async () => {
    onlyPrograms({ mmdebstrap: `#!/bin/sh\necho "${expired}"\necho "E: failed" >&2\nexit 25\n` });
    const error = await kbuildErrorOf(() => ensure(new FakeImages([])).image);
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toMatch(
      /debian's bookworm has expired.*\(invalid since 14d 7h 1min 28s\)/,
    );
    expect(error.hint).toContain('--allow-expired');
  });

  it('says the same where the image itself is built, and of nothing else', async () => {
    const images = new FakeImages([base]);
    const failure = new KbuildError('IMAGE_BUILD_FAILED', 'apt-get returned 100', 'look');
    const said: string[] = [];
    images.build = (_, onLine) => {
      said.forEach(onLine);
      return Promise.reject(failure);
    };
    expect(await kbuildErrorOf(() => ensure(images).image)).toBe(failure);
    said.push('Get:1 bookworm InRelease', expired);
    const { image, events } = ensure(images);
    const error = await kbuildErrorOf(() => image);
    expect([error.code, error.cause]).toEqual(['FETCH_FAILED', failure]);
    expect(error.hint).toContain('--allow-expired');
    expect(events).toContainEqual(expect.objectContaining({ type: 'prepare-line', line: expired }));
  });

  it('takes an index that has expired where that is asked for, and leaves no trace of it', async () => {
    onlyPrograms({
      mmdebstrap: '#!/bin/sh\nfor last; do :; done\nprintf "%s\\n" "$@" > "$last"\n',
    });
    const images = new FakeImages([]);
    await ensure(images, { allowExpired: true }).image;
    const options = images.imported[0]?.split('\n');
    expect(options).toContain('--aptopt=Acquire::Check-Valid-Until "false"');
    // The hook, as mmdebstrap runs it: what it was told for this run does not stay in the image.
    const hook = options?.find((option) => option.startsWith('--customize-hook='));
    const root = temporaryDirectory({
      'etc/apt/apt.conf.d/99mmdebstrap': 'Acquire::Check-Valid-Until "false";\n',
      'etc/apt/apt.conf.d/70debconf': '',
    });
    execFileSync('sh', ['-c', hook?.slice('--customize-hook='.length) ?? '', 'exec', root]);
    expect(readdirSync(join(root, 'etc/apt/apt.conf.d'))).toEqual(['70debconf']);
    // And it is an image of the same name: nothing in it differs.
    const [built] = images.built;
    expect(built).toMatchObject({ name: recipe.name, key: recipe.key });
    expect(built?.args.APT_OPTIONS).toBe('-o Acquire::Check-Valid-Until=false');
    expect(built?.dockerfile).toMatch(/^ARG APT_OPTIONS$/m);
    expect(built?.dockerfile).not.toMatch(/^ENV/m);
  });

  it('gives apt no options else', async () => {
    onlyPrograms({ mmdebstrap: '#!/bin/sh\nfor last; do :; done\necho "$*" > "$last"\n' });
    const images = new FakeImages([]);
    await ensure(images).image;
    expect(images.imported[0]).not.toMatch(/aptopt|hook/);
    expect(images.built[0]?.args).not.toHaveProperty('APT_OPTIONS');
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

describe('ensureImageWith', () => {
  const packages = ['iptables', 'pkg-config'];
  const derived = imageWith(gcc12, archByName('x86_64'), packages);

  function ensureWith(images: FakeImages, { allowExpired = false } = {}) {
    const events: Event[] = [];
    const context = {
      images,
      buildArch: 'x86_64',
      scratch: temporaryDirectory(),
      emit: (event: Event) => events.push(event),
      allowExpired,
      signal: new AbortController().signal,
    };
    const image = ensureImageWith(gcc12, packages, context, () =>
      ensureToolchainImage(gcc12, context),
    );
    return { image, events };
  }

  it('takes the image that is there, without a word, and needs not the toolchain’s', async () => {
    const images = new FakeImages([derived.name]);
    const { image, events } = ensureWith(images);
    expect(await image).toEqual({ id: `sha256 of ${derived.name}` });
    expect([images.done, events]).toEqual([[], []]);
  });

  it('builds it on the toolchain’s image, and tells what is in it', async () => {
    const images = new FakeImages([base]);
    const { image, events } = ensureWith(images);
    expect((await image).id).toBe(`sha256 of ${derived.name}`);
    expect(images.done).toEqual([`build ${recipe.name}`, `build ${derived.name}`]);
    expect(events.flatMap((event) => (event.type === 'prepare-start' ? event.title : []))).toEqual([
      'image gcc-12',
      'image gcc-12 + iptables, pkg-config',
    ]);
  });

  it('is not built where the toolchain’s image cannot be', async () => {
    onlyPrograms({});
    const images = new FakeImages([]);
    const error = await kbuildErrorOf(() => ensureWith(images).image);
    expect(error.code).toBe('IMAGE_BASE_UNAVAILABLE');
    expect(images.built).toEqual([]);
  });

  it('takes an index that has expired where that is asked for, and a proxy', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://proxy.example:3128');
    const images = new FakeImages([recipe.name]);
    await ensureWith(images, { allowExpired: true }).image;
    expect(images.built[0]).toMatchObject({
      name: derived.name,
      args: {
        APT_OPTIONS: '-o Acquire::Check-Valid-Until=false',
        HTTP_PROXY: 'http://proxy.example:3128',
      },
    });
  });

  it('tells packages that are unknown, an index that has expired, and all else apart', async () => {
    const images = new FakeImages([recipe.name]);
    const failure = new KbuildError('IMAGE_BUILD_FAILED', 'apt-get returned 100', 'look');
    let said = '';
    images.build = (_, onLine) => {
      onLine(said);
      return Promise.reject(failure);
    };
    const errorAfter = (line: string) => {
      said = line;
      return kbuildErrorOf(() => ensureWith(images).image);
    };
    const unknown = await errorAfter('\u001B[91mE: Unable to locate package iptables\u001B[0m');
    expect(unknown.code).toBe('BUILD_DEP_UNKNOWN');
    expect(unknown.message).toMatch(/iptables in debian's bookworm/);
    expect((await errorAfter(expired)).code).toBe('FETCH_FAILED');
    expect(await errorAfter('E: Some index files failed to download.')).toBe(failure);
  });
});
