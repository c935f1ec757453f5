import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../plan/job.js';
import { dkmsDriver, driverMount, overlayDirectory } from '../plan/dkms-recipe.js';
import { containerLayout, hostLayout, type Layout } from '../plan/layout.js';
import { stageProject, type Staged } from '../project/snapshot.js';
import type { SourceTree } from '../project/project.js';
import type { Mount, Runtime } from '../runtime/port.js';

/** What a job's script finds when it starts. */
export interface JobInputs {
  layout: Layout;
  mounts: Mount[];
  /** False if a source has changed since the job was planned: its key does not name these bytes. */
  asPlanned: boolean;
  /** Of each source of the job as it was staged, in the order of the manifest's `sources`. */
  digests: string[];
  /** Every staged file by its path below the directory of sources, with a hash over its content and mode. */
  files: Record<string, string>;
}

/** Copies of the projects' sources, made once for all the jobs of a run. */
export class Stage {
  readonly #staged = new Map<SourceTree, Promise<Staged & { directory: string }>>();

  #driverMount: Promise<Mount> | undefined;

  constructor(readonly scratch: string) {}

  /**
   * Makes the inputs of a job.
   * @param symvers for each job that it needs, the directory of its Module.symvers
   */
  async prepare(
    job: Job,
    symvers: ReadonlyMap<string, string>,
    kind: Runtime['kind'],
  ): Promise<JobInputs> {
    const placed = sourcesOf(job);
    const staged = await Promise.all(placed.map(({ tree }) => this.#stage(tree)));
    const digests = staged.map(({ digest }) => digest);
    const asPlanned = digests.every((digest, i) => digest === placed[i]?.digest);
    const files = Object.fromEntries(
      staged.flatMap(({ hashes }, i) =>
        [...hashes].map(([path, hash]) => [`${placed[i]?.placement ?? ''}/${path}`, hash]),
      ),
    );
    const sources = staged.map(({ directory }, i) => [directory, placed[i]?.target ?? ''] as const);
    if (kind === 'host') {
      const layout = hostLayout(join(this.scratch, 'host', job.id));
      await mkdir(layout.build, { recursive: true });
      for (const [directory, path] of sources) {
        const target = layout.sources + path.slice(containerLayout.sources.length);
        await cp(directory, target, { recursive: true, verbatimSymlinks: true });
      }
      for (const [id, directory] of symvers) {
        await cp(join(directory, 'Module.symvers'), join(layout.symvers, id, 'Module.symvers'));
      }
      return { layout, mounts: [], asPlanned, digests, files };
    }
    const mounts = [
      ...job.kdir.mounts,
      ...(job.dkms === undefined ? [] : [await this.#driver()]),
      ...sources.map(([source, target]) => ({ source, target })),
      ...[...symvers].map(([id, source]) => ({
        source,
        target: `${containerLayout.symvers}/${id}`,
      })),
    ];
    return { layout: containerLayout, mounts, asPlanned, digests, files };
  }

  /** The programs of DKMS builds, readable by their user however the package was installed. */
  #driver(): Promise<Mount> {
    this.#driverMount ??= (async () => {
      const source = join(this.scratch, 'dkms');
      await mkdir(source);
      await chmod(source, 0o755);
      for (const { name, text } of dkmsDriver()) {
        await writeFile(join(source, name), text);
        await chmod(join(source, name), 0o755);
      }
      return { ...driverMount, source };
    })();
    return this.#driverMount;
  }

  #stage(tree: SourceTree): Promise<Staged & { directory: string }> {
    const known = this.#staged.get(tree);
    if (known !== undefined) return known;
    const directory = join(this.scratch, 'sources', String(this.#staged.size));
    const staged = stageProject(tree, directory).then((copy) => ({ ...copy, directory }));
    this.#staged.set(tree, staged);
    return staged;
  }
}

/** All trees that a job reads, where it finds them, in the container's paths. */
function sourcesOf({ source, dependencies, dkms }: Job) {
  const place = (placement: string) => `${containerLayout.sources}/${placement}`;
  return [
    ...[source, ...dependencies].map(({ project, placement, digest }) => ({
      tree: project,
      placement,
      target: place(placement),
      digest,
    })),
    ...(dkms?.with ?? []).map(({ tree, placement, digest }) => ({
      tree,
      placement,
      target: place(placement),
      digest,
    })),
    ...(dkms?.overlay === undefined ? [] : [{ ...dkms.overlay, target: overlayDirectory }]),
  ];
}
