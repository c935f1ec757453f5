import { join } from 'node:path';
import { hostArch, type Arch } from '../arch/arch.js';
import { proxyVariables } from '../data/proxy.js';
import { asKbuildError, KbuildError } from '../errors/kbuild-error.js';
import type { Emit, Event } from '../events/event.js';
import { prepare } from '../events/prepare.js';
import type { KernelToolchain, ProviderContext, ScriptRun } from '../kernel/providers/port.js';
import { shippedRepositories, type Repository } from '../kernel/repository.js';
import { suiteByName, type Suite } from '../kernel/suite.js';
import type { Image, Runtime } from '../runtime/port.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import { ImageIds } from '../storage/image-ids.js';
import { openRunDirectory, type RunDirectory } from '../storage/run-directory.js';
import { ensureBaseImage } from '../toolchain/base-image.js';
import { imageWith } from '../toolchain/build-deps-recipe.js';
import { ensureImageWith, ensureToolchainImage } from '../toolchain/ensure-image.js';
import { derivedImage } from '../toolchain/derived-image.js';
import { toolchainImage as imageRecipe } from '../toolchain/image-recipe.js';
import { toolchainForVersion } from '../toolchain/select.js';
import { makeVariables, toolchainByName, type Toolchain } from '../toolchain/toolchain.js';

/** Memory and time that a fetch may take. */
const fetchLimits = { memoryBytes: 2 ** 32, diskBytes: 2 ** 32, timeoutMs: 30 * 60 * 1000 };

/** A whole kernel takes its time; its objects lie on disk, not in the scratch space. */
const prepareLimits = { memoryBytes: 2 ** 34, diskBytes: 2 ** 32, timeoutMs: 12 * 60 * 60 * 1000 };

export interface SessionOptions {
  cache: string;
  runtime: Runtime['kind'];
  emit: Emit;
  signal: AbortSignal;
  /** The repositories that references may name; default: those of the package. */
  repositories?: readonly Repository[];
  /** Use what the cache has, and ask no repository. */
  offline?: boolean;
  /** Take package indexes whose Valid-Until has passed. */
  allowExpired?: boolean;
}

/** What one run of a command shares: the engine, its images, a scratch directory. */
export interface Session {
  cache: string;
  scratch: string;
  emit: Emit;
  signal: AbortSignal;
  /** Connects to the engine on first use, and clears what killed runs left in it. */
  runtime: () => Promise<Runtime>;
  /** The image of a toolchain, with these Debian packages in it besides. */
  toolchainImage: (toolchain: Toolchain, packages?: readonly string[]) => Promise<Image>;
  /** The base image of a suite, with what shell commands put into it; made once. */
  suiteImage: (suite: string, name: string, setup?: string) => Promise<Image>;
  /** The id that an image of this name last had, if it ever was made ready; asks no engine. */
  knownImageId: (name: string) => string | undefined;
  provider: ProviderContext;
  /** Waits until no container of this session is left. */
  close: () => Promise<void>;
}

/** Runs a piece of work in a session of its own; its scratch directory goes with it. */
export async function withSession<T>(
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const run = await openRun(options.cache);
  const session = createSession(options, run);
  try {
    const result = await work(session);
    await session.close().catch((error: unknown) => {
      options.emit(notRemoved(error));
    });
    return result;
  } finally {
    await session.close().catch(() => undefined); // what the work failed with counts for more
    await run.remove();
  }
}

/** What was asked for is done: containers that are left are a matter of the engine's. */
function notRemoved(error: unknown): Event {
  return {
    type: 'warning',
    message: `containers may be left: ${asKbuildError(error).message}`,
    hint: 'The next run removes what this one has left.',
  };
}

async function openRun(cache: string): Promise<RunDirectory> {
  try {
    ensureDirectory(cache);
    return await openRunDirectory(cache);
  } catch (cause) {
    throw new KbuildError(
      'STORAGE_FAILED',
      `the cache directory ${cache} cannot be written: ${(cause as Error).message}`,
      'Free some disk, mend its permissions, or name another one in KBUILD_TS_CACHE_DIR.',
      { cause },
    );
  }
}

function createSession(options: SessionOptions, run: RunDirectory): Session {
  const { cache, emit, signal, offline = false, allowExpired = false } = options;
  const open = new Set<Runtime>();
  const engine = once(async () => {
    const connected = await connect(signal);
    open.add(connected.runtime);
    return connected;
  });
  const runtime = once(async () => {
    // Whatever is not plainly asked to run without isolation runs in a container.
    if (options.runtime !== 'host') return (await engine()).runtime;
    const { HostRuntime } = await import('../runtime/host/host-runtime.js');
    return new HostRuntime();
  });
  const imageContext = async () => ({
    images: (await engine()).images,
    buildArch: hostArch().name,
    scratch: run.path,
    emit,
    signal,
    allowExpired,
  });
  const imageIds = new ImageIds(join(cache, 'images'));
  const knownImageId = (name: string) => imageIds.get(name);
  const images = new Map<string, Promise<Image>>();
  const toolchainImage: Session['toolchainImage'] = (toolchain, packages = []) => {
    const { name } = imageWith(toolchain, hostArch(), packages);
    const image =
      images.get(name) ??
      imageContext().then(async (context) => {
        const found = await (packages.length === 0
          ? ensureToolchainImage(toolchain, context)
          : ensureImageWith(toolchain, packages, context, () => toolchainImage(toolchain)));
        await imageIds.set(name, found.id);
        return found;
      });
    images.set(name, image);
    return image;
  };
  const fetchIn = async (
    image: string,
    { env, onLine, signal: ends = signal, ...spec }: ScriptRun,
  ) => {
    const { runtime: docker } = await engine();
    const variables = { ...proxyVariables(), ...env };
    const whole = { ...spec, ...fetchLimits, image, env: variables, profile: 'fetch' as const };
    return docker.run(whole, { onLine, signal: ends });
  };
  const baseImage = async (suite: Suite, onLine: (line: string) => void) => {
    const { images: store } = await engine();
    return ensureBaseImage(suite, store, run.path, onLine, signal, { allowExpired });
  };
  const suiteImages = new Map<string, Promise<Image>>();
  const suiteImage: Session['suiteImage'] = (suite, name, setup) => {
    const image =
      suiteImages.get(name) ??
      prepare(emit, `image ${name}`, async (onLine) => {
        const base = await baseImage(suiteByName(suite), onLine);
        const wanted = { name, base, ...(setup !== undefined && { setup }) };
        return derivedImage(wanted, (await engine()).images, onLine);
      });
    suiteImages.set(name, image);
    return image;
  };
  const provider: ProviderContext = {
    cache,
    scratch: run.path,
    emit,
    signal,
    repositories: options.repositories ?? shippedRepositories(),
    offline,
    allowExpired,
    runInSuite: async (suite, script) =>
      fetchIn((await baseImage(suite, script.onLine)).id, script),
    runInImage: async (wanted, script) => {
      const { images: store } = await engine();
      const base = wanted.suite && (await baseImage(wanted.suite, script.onLine));
      const image = await derivedImage({ ...wanted, base }, store, script.onLine);
      return fetchIn(image.id, script);
    },
    toolchain: ({ name, version }, arch) => {
      const chosen = name === undefined ? toolchainForVersion(version) : toolchainByName(name);
      return kernelToolchain(chosen, arch);
    },
  };
  const kernelToolchain = (toolchain: Toolchain, arch: Arch): KernelToolchain => ({
    name: toolchain.name,
    image: imageRecipe(toolchain, hostArch()).name,
    make: Object.entries(makeVariables(toolchain, arch)).map(([name, value]) => `${name}=${value}`),
    run: async ({ env = {}, onLine, signal: ends = signal, ...spec }) => {
      const { runtime: docker } = await engine();
      const image = (await toolchainImage(toolchain)).id;
      const whole = { ...spec, ...prepareLimits, image, env, profile: 'prepare' as const };
      return docker.run(whole, { onLine, signal: ends });
    },
  });
  const close = async () => {
    for (const used of open) await used.close();
  };
  return {
    cache,
    scratch: run.path,
    emit,
    signal,
    runtime,
    provider,
    toolchainImage,
    suiteImage,
    knownImageId,
    close,
  };
}

/** Finds the engine; dockerode is loaded here and no sooner. */
export async function findEngineAndImages(signal?: AbortSignal) {
  const [{ findEngine }, { DockerImages }] = await Promise.all([
    import('../runtime/docker/connect.js'),
    import('../runtime/docker/docker-images.js'),
  ]);
  const engine = findEngine();
  return { engine, images: new DockerImages(engine, signal) };
}

async function connect(signal: AbortSignal) {
  const { DockerRuntime } = await import('../runtime/docker/docker-runtime.js');
  const { engine, images } = await findEngineAndImages(signal);
  const runtime = new DockerRuntime(engine);
  await runtime.reap();
  return { runtime, images };
}

/** Calls a function once, however often its result is asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
