import { join } from 'node:path';
import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import { displayPath } from './display-path.js';
import { formatDiagnostic } from './reporters/plain.js';
import type { UnusableKernel } from './result-reason.js';
import { withoutControls, type Style } from './style.js';

const shownDiagnostics = 5;

/** What befell this many in the same way is told with all their names; of more, with the first. */
const shownTitles = 6;

/** As many failures of different kinds are told; of more, where to find them. */
const shownGroups = 40;

interface Group {
  titles: string[];
  logs: string[];
  text: string;
  code: string;
}

/** What failed, each once: what befell several jobs in the same way is told with their names. */
export function formatFailures(manifest: Manifest, style: Style): string[] {
  const groups = new Map<string, Group>();
  const add = (title: string, name: string, lines: string[], { code, hint }: Failure) => {
    const text = [...lines, `${style.paint('cyan', 'hint')} ${hint}`].join('\n  ');
    const key = `${code}\0${text.replaceAll(name, '')}`;
    const group = groups.get(key) ?? { titles: [], logs: [], text, code };
    group.titles.push(title);
    groups.set(key, group);
    return group;
  };
  for (const kernel of manifest.unusable ?? []) {
    const title = `${style.paint('red', 'failed')} kernel ${withoutControls(nameOf(kernel))}`;
    add(title, kernel.release ?? kernel.ref, linesOf(kernel.error.message), kernel.error);
  }
  for (const job of manifest.jobs) {
    if (job.error === undefined) continue;
    const title = `${style.paint('red', job.status)} ${job.id}`;
    const group = add(title, job.id, explanation(job, style), job.error);
    if (job.log !== undefined) group.logs.push(displayPath(join(manifest.output, job.log)));
  }
  const all = [...groups.values()];
  const told = all.slice(0, shownGroups).map(({ titles, logs, text, code }) => {
    const more = titles.length - shownTitles;
    const heads = [...titles.slice(0, shownTitles), ...(more > 0 ? [`… and ${more} more`] : [])];
    const ends = logs
      .slice(0, shownTitles)
      .map((log) => `\n  ${style.paint('dim', 'log ')} ${log}`);
    return `${heads.join('\n')} ${style.paint('dim', `[${code}]`)}\n  ${text}${ends.join('')}`;
  });
  const untold = all.slice(shownGroups).reduce((sum, { titles }) => sum + titles.length, 0);
  const where = displayPath(join(manifest.output, 'manifest.json'));
  return untold === 0
    ? told
    : [...told, `… and ${untold} more in other ways: ${where} has them all`];
}

type Failure = NonNullable<JobRecord['error']>;

/** Its release, where the reference does not say it. */
function nameOf({ ref, release, arch }: UnusableKernel): string {
  const named = release === undefined || ref.includes(release) ? ref : `${release}, of ${ref}`;
  return arch === undefined ? named : `${named} (${arch})`;
}

/** The compiler's own words where there are any: they say it better. */
function explanation(job: JobRecord, style: Style): string[] {
  const { diagnostics, error } = job;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const compile = error?.code === 'BUILD_COMPILE_ERROR' || error?.code === 'BUILD_UNDEFINED_SYMBOL';
  if (!compile) return linesOf((error?.message ?? '').replaceAll(sameTarget(job), ''));
  const more = errors.length - shownDiagnostics;
  return [
    ...errors.slice(0, shownDiagnostics).map((diagnostic) => formatDiagnostic(diagnostic, style)),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
}

/** How the id of a job ends, and of those that it needs: of the same kernel, which need not be said. */
const sameTarget = ({ release, arch, toolchain }: JobRecord): string =>
  `-${[release, arch, toolchain].join('-').replaceAll(/[^\w.+-]/g, '_')}`;

const linesOf = (message: string): string[] => message.split('\n').map(withoutControls);
