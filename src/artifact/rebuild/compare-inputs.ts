import type { JobRecord } from '../manifest-schema.js';
import type { RecordedJob } from './read-manifest.js';
import type { InputDifference } from './report-schema.js';

/** What a job is built from. */
type Inputs = Pick<JobRecord, 'key' | 'make' | 'env' | 'image' | 'kdir' | 'sources'>;

/** What a job is built from that is not as the manifest says: what may explain other bytes. */
export function compareInputs(was: RecordedJob, now: Inputs): InputDifference[] {
  const found = [
    ...sources(was, now),
    ...kernel(was, now),
    ...image(was, now),
    ...makeLine(was, now),
    ...environment(was, now),
  ];
  if (found.length > 0 || was.key === now.key) return found;
  const detail = `its key is another one, for something that manifests do not tell: ${was.key.slice(0, 12)}, now ${now.key.slice(0, 12)}`;
  return [{ input: 'other', detail }];
}

/** A digest is over all files of a tree: that they differ is known, and not which ones. */
function sources(was: RecordedJob, now: Inputs): InputDifference[] {
  const [before, after] = [was, now].map(
    (one) => new Map(one.sources.map(({ placement, digest }) => [placement, digest])),
  );
  const trees = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...trees].flatMap((tree) => {
    const [one, other] = [before?.get(tree), after?.get(tree)];
    if (one === other) return [];
    const detail =
      one === undefined
        ? `the sources of ${tree} are there besides`
        : other === undefined
          ? `the sources of ${tree} are gone`
          : `the sources of ${tree} differ (which files cannot be told)`;
    return { input: 'sources', detail };
  });
}

function kernel({ kdir: was }: RecordedJob, { kdir: now }: Inputs): InputDifference[] {
  if (was.path !== now.path) {
    return [{ input: 'kernel', detail: `the KDIR lay at ${was.path}, and now at ${now.path}` }];
  }
  if (was.identity === now.identity) return [];
  return [{ input: 'kernel', detail: `the contents of the KDIR ${now.path} differ` }];
}

function image({ image: was }: RecordedJob, { image: now }: Inputs): InputDifference[] {
  if (was.name !== now.name) {
    const detail = `the image was made otherwise: ${was.name}, now ${now.name}`;
    return [{ input: 'image', detail }];
  }
  if (was.id === undefined || now.id === undefined || was.id === now.id) return [];
  const detail = `the image ${now.name} is not the same one: its packages may be of other versions`;
  return [{ input: 'image', detail }];
}

function makeLine({ make: was }: RecordedJob, { make: now }: Inputs): InputDifference[] {
  const gone = was.filter((argument) => !now.includes(argument));
  const come = now.filter((argument) => !was.includes(argument));
  if (gone.length === 0 && come.length === 0) return [];
  const parts = [
    ...(gone.length > 0 ? [`without ${gone.join(' ')}`] : []),
    ...(come.length > 0 ? [`with ${come.join(' ')}`] : []),
  ];
  return [{ input: 'make', detail: `make runs ${parts.join(', ')}` }];
}

function environment({ env: was }: RecordedJob, { env: now }: Inputs): InputDifference[] {
  const names = new Set([...Object.keys(was), ...Object.keys(now)]);
  const changed = [...names].filter((name) => was[name] !== now[name]);
  if (changed.length === 0) return [];
  const shown = changed.map(
    (name) => `${name} was ${was[name] ?? 'not set'}, now ${now[name] ?? 'not set'}`,
  );
  return [{ input: 'env', detail: `the environment differs: ${shown.join('; ')}` }];
}
