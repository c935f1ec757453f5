import type { KdirMount } from '../kernel/closure.js';
import { buildUser } from '../runtime/isolation.js';
import { dkmsScratch, driverMount, overlayDirectory } from './dkms-recipe.js';
import type { Job } from './job.js';
import { containerLayout } from './layout.js';
import { recipe } from './recipe.js';
import { shellJoin, shellQuote } from '../runtime/shell.js';

/**
 * Shell commands that build a job's modules without kbuild-ts, from the user's own directory: a
 * `docker run` that writes a tar archive of them to `<job>.tar` in the working directory. Where
 * the job needs others, the Module.symvers are first taken out of the archives of these.
 */
export function reproduceCommand(job: Job, parallel: number): string {
  const volumes = [
    ...(job.dkms === undefined ? [] : [driverMount]),
    ...[job.source, ...job.dependencies].map(({ project, placement }) => ({
      source: project.directory,
      target: `${containerLayout.sources}/${placement}`,
    })),
    ...(job.dkms?.with ?? []).map(({ tree, placement }) => ({
      source: tree.directory,
      target: `${containerLayout.sources}/${placement}`,
    })),
    ...(job.dkms?.overlay === undefined
      ? []
      : [{ source: job.dkms.overlay.tree.directory, target: overlayDirectory }]),
  ];
  const scratch = job.dkms === undefined ? [containerLayout.build] : dkmsScratch;
  const words = [
    isolated,
    shellJoin(['/tmp', ...scratch].flatMap((directory) => ['--tmpfs', `${directory}:exec`])),
    known(job.kdir, ({ mounts }) => mountOptions(mounts)),
    mountOptions(volumes),
    known(job.env, (env) =>
      shellJoin(Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])),
    ),
  ].join(' ');
  const symvers = job.needs.map((id) => {
    const option = `type=bind,source=$PWD/${id},target=${containerLayout.symvers}/${id},readonly`;
    return ` --mount "${option}"`;
  });
  const command = shellJoin([
    job.image,
    'sh',
    '-c',
    withGenerated(job, recipe(job, { parallelism: { processes: parallel } })),
  ]);
  return [
    ...job.needs.map(
      (id) =>
        `mkdir -p ${id} && tar -xOf ${id}.tar --wildcards '*Module.symvers' > ${id}/Module.symvers`,
    ),
    `${words}${symvers.join('')} ${command} > ${shellQuote(`${job.id}.tar`)}`,
  ].join(' &&\n');
}

const isolated = shellJoin([
  ...['docker', 'run', '--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL'],
  ...['--security-opt', 'no-new-privileges', '--user', buildUser],
]);

/** Words of what thousands of jobs have in common: their KDIR, their environment. */
const writtenFor = new WeakMap<object, string>();

function known<T extends object>(shared: T, write: (shared: T) => string): string {
  const text = writtenFor.get(shared) ?? write(shared);
  writtenFor.set(shared, text);
  return text;
}

/** --mount, since a path may hold a colon; --volume could not say it. */
const mountOptions = (volumes: readonly KdirMount[]): string =>
  shellJoin(volumes.flatMap(({ source, target }) => ['--mount', mountOption(source, target)]));

/** Docker reads the option as CSV: a field with a comma or a quote is quoted. */
function mountOption(source: string, target: string): string {
  const field = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `type=bind,${field(`source=${source}`)},${field(`target=${target}`)},readonly`;
}

/** A generated Kbuild is not in the user's directory: the script writes it first. */
function withGenerated(job: Job, script: string): string {
  const { method } = job.source.project;
  if (method.kind !== 'generated') return script;
  const directory = `${containerLayout.build}/${job.source.placement}`;
  const write = `printf %s ${shellQuote(method.kbuild)} > ${shellQuote(`${directory}/Kbuild`)}`;
  return script.replace(/^status=0$/m, () => `${write}\nstatus=0`);
}
