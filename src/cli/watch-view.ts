import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import type { Style } from './style.js';
import { formatDuration } from './units.js';

/** So many jobs are named. */
const shown = 3;

/** What one round of `build --watch` gave, in one line. */
export function formatRound(manifest: Manifest, { paint }: Style): string {
  const of = (status: JobRecord['status']) => manifest.jobs.filter((job) => job.status === status);
  const [built, cached, skipped, failed] = [of('built'), of('cached'), of('skipped'), of('failed')];
  const time = formatDuration(manifest.milliseconds);
  const unusable = manifest.unusable?.length ?? 0;
  if (built.length + skipped.length + failed.length + unusable === 0) {
    const jobs = `${cached.length} job${cached.length === 1 ? '' : 's'}`;
    return `${paint('green', 'nothing to rebuild')}: ${jobs} from the cache in ${time}`;
  }
  const names = built.slice(0, shown).map(({ id }) => id);
  if (built.length > shown) names.push(`${built.length - shown} more`);
  const diagnostics = [...built, ...failed].flatMap((job) => job.diagnostics);
  const count = (severity: 'error' | 'warning') => {
    const n = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return n === 0
      ? []
      : [paint(severity === 'error' ? 'red' : 'yellow', `${n} ${severity}${n === 1 ? '' : 's'}`)];
  };
  const parts = [
    ...(built.length > 0 ? [`${paint('green', 'rebuilt')} ${names.join(', ')}`] : []),
    ...(failed.length > 0 ? [paint('red', `${failed.length} failed`)] : []),
    ...(skipped.length > 0 ? [paint('yellow', `${skipped.length} skipped`)] : []),
    ...(cached.length > 0 ? [`${cached.length} unchanged`] : []),
    ...(unusable > 0
      ? [paint('red', `${unusable} kernel${unusable > 1 ? 's' : ''} not usable`)]
      : []),
    ...count('error'),
    ...count('warning'),
  ];
  return `${parts.join(', ')} in ${time}`;
}
