import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job, PlacedProject } from '../plan/job.js';
import { containerLayout, hostLayout, type Layout } from '../plan/layout.js';
import { stageProject } from '../project/snapshot.js';
import type { Project } from '../project/project.js';
import type { Mount, Runtime } from '../runtime/port.js';

/** What a job's script finds when it starts. */
export interface JobInputs {
  layout: Layout;
  mounts: Mount[];
  /** False if a source has changed since the job was planned: its key does not name these bytes. */
  asPlanned: boolean;
}

/** Copies of the projects' sources, made once for all the jobs of a run. */
export class Stage {
  readonly #staged = new Map<Project, Promise<{ directory: string; digest: string }>>();

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
    const placed = [job.source, ...job.dependencies];
    const staged = await Promise.all(placed.map(({ project }) => this.#stage(project)));
    const asPlanned = staged.every(({ digest }, i) => digest === placed[i]?.digest);
    const sources = staged.map(
      ({ directory }, i) => [directory, placed[i] as PlacedProject] as const,
    );
    if (kind === 'host') {
      const layout = hostLayout(join(this.scratch, 'host', job.id));
      await mkdir(layout.build, { recursive: true });
      for (const [directory, { placement }] of sources) {
        const target = join(layout.sources, placement);
        await cp(directory, target, { recursive: true, verbatimSymlinks: true });
      }
      for (const [id, directory] of symvers) {
        await cp(join(directory, 'Module.symvers'), join(layout.symvers, id, 'Module.symvers'));
      }
      return { layout, mounts: [], asPlanned };
    }
    const mounts = [
      ...job.kdir.mounts,
      ...sources.map(([source, { placement }]) => ({
        source,
        target: `${containerLayout.sources}/${placement}`,
      })),
      ...[...symvers].map(([id, source]) => ({
        source,
        target: `${containerLayout.symvers}/${id}`,
      })),
    ];
    return { layout: containerLayout, mounts, asPlanned };
  }

  #stage(project: Project): Promise<{ directory: string; digest: string }> {
    const known = this.#staged.get(project);
    if (known !== undefined) return known;
    const directory = join(this.scratch, 'sources', String(this.#staged.size));
    const staged = stageProject(project, directory).then((digest) => ({ directory, digest }));
    this.#staged.set(project, staged);
    return staged;
  }
}
