import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { EngineInfo, Image, ImageRecipe, ImageStore } from '../port.js';
import { engineError, type Engine } from './connect.js';
import { readFrames, StreamFailure } from './frames.js';
import { labels } from './labels.js';

/** The images of a Docker or Podman engine. */
export class DockerImages implements ImageStore {
  readonly #engine: Engine;

  readonly #signal: AbortSignal;

  constructor(engine: Engine, signal: AbortSignal = new AbortController().signal) {
    this.#engine = engine;
    this.#signal = signal;
  }

  async find(name: string): Promise<Image | undefined> {
    try {
      const { Id } = await this.#engine.docker.getImage(name).inspect();
      return { id: Id };
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw this.#failed(error, `looking for the image ${name}`);
    }
  }

  async pull(name: string, onLine: (line: string) => void): Promise<Image | undefined> {
    try {
      await readFrames(await this.#engine.docker.pull(name), onLine, this.#signal);
    } catch (error) {
      if (error instanceof KbuildError) throw error;
      // No connection to the engine is a failure; an engine without a registry is an answer.
      const answered = error instanceof StreamFailure || 'statusCode' in (error as object);
      if (!answered) throw this.#failed(error, `pulling ${name}`);
      onLine(`${name} cannot be pulled: ${(error as Error).message}`);
      return undefined;
    }
    return this.find(name);
  }

  async importArchive(archive: string, name: string): Promise<Image> {
    const { docker } = this.#engine;
    try {
      const changes = [`LABEL ${labels.imageKey}=${name}`];
      const stream = await docker.importImage(createReadStream(archive), { changes });
      // Podman ignores a tag that is given to the import: the image is tagged by its id.
      const id = await readFrames(stream, () => undefined, this.#signal);
      const [repo, tag] = splitTag(name);
      await docker.getImage(id).tag({ repo, tag });
      const image = await this.find(name);
      if (image !== undefined) return image;
      throw new StreamFailure(`the imported image ${id} is not there`);
    } catch (error) {
      throw this.#failed(error, `importing ${name}`);
    }
  }

  async build(recipe: ImageRecipe, onLine: (line: string) => void): Promise<Image> {
    const context = pack();
    context.entry({ name: 'Dockerfile' }, recipe.dockerfile);
    context.finalize();
    try {
      const stream = await this.#engine.docker.buildImage(Readable.from(context), {
        t: recipe.name,
        buildargs: recipe.args,
        labels: { [labels.imageKey]: recipe.key },
        forcerm: true,
      });
      await readFrames(stream, onLine, this.#signal);
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw this.#failed(error, `building ${recipe.name}`);
      throw new KbuildError(
        'IMAGE_BUILD_FAILED',
        `the image ${recipe.name} could not be built: ${error.message}`,
        "Its packages come from the distribution: check the network and the disk ('kbuild-ts doctor'), then see the output with --verbose.",
        { cause: error },
      );
    }
    const image = await this.find(recipe.name);
    if (image !== undefined) return image;
    throw new KbuildError(
      'IMAGE_BUILD_FAILED',
      `the engine reported no error, yet there is no image ${recipe.name} after its build`,
      "See the output with --verbose, and the engine's own log.",
    );
  }

  async removeOurs(): Promise<string[]> {
    try {
      const filters = { label: [labels.imageKey] };
      const images = await this.#engine.docker.listImages({ filters });
      const names = images.flatMap(({ Id, RepoTags }) => (RepoTags?.length ? RepoTags : [Id]));
      for (const name of names) await this.#engine.docker.getImage(name).remove({ force: true });
      return names;
    } catch (error) {
      throw this.#failed(error, 'removing images');
    }
  }

  async info(): Promise<EngineInfo> {
    const { docker, address } = this.#engine;
    try {
      const [version, info] = await Promise.all([
        docker.version(),
        docker.info() as Promise<Record<string, string | number | undefined>>,
      ]);
      const podman = version.Components.some(({ Name }) => Name === 'Podman Engine');
      return {
        name: podman ? 'Podman' : 'Docker',
        version: version.Version,
        apiVersion: version.ApiVersion,
        address,
        rootDirectory: String(info.DockerRootDir ?? ''),
        cpus: Number(info.NCPU ?? 0),
      };
    } catch (error) {
      throw engineError(error, address, 'asking for its version');
    }
  }

  #failed(error: unknown, doing: string): KbuildError {
    return engineError(error, this.#engine.address, doing);
  }
}

function splitTag(name: string): [string, string] {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/')
    ? [name.slice(0, colon), name.slice(colon + 1)]
    : [name, 'latest'];
}
