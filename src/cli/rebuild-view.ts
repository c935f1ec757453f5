import type {
  Comparison,
  Difference,
  RebuildReport,
  RebuiltJob,
} from '../artifact/rebuild/report-schema.js';
import { displayPath } from './display-path.js';
import { withoutControls, type Style } from './style.js';
import { formatDuration } from './units.js';

/** Places of one module that are shown; --json has all. */
const shownPlaces = 5;

const words = {
  equal: ['equal', 'green'],
  'equal-content': ['equal', 'green'],
  differs: ['differs', 'red'],
  missing: ['missing', 'red'],
  extra: ['extra', 'red'],
} as const;

/** What came of building again, for people: a line for each module, and a last sentence. */
export function formatRebuild(report: RebuildReport, style: Style): string {
  const lines = report.jobs.flatMap((job) => jobLines(job, style));
  return [...lines, '', summary(report, style)].join('\n');
}

function jobLines({ id, error, artifacts }: RebuiltJob, { paint }: Style): string[] {
  const lines = artifacts.map((artifact) => {
    const [word, colour] = words[artifact.verdict];
    const about = aboutArtifact(artifact);
    const text = about === '' ? artifact.path : `${artifact.path}: ${about}`;
    return `${paint(colour, word.padEnd(8))} ${oneLine(text)}`;
  });
  if (error === undefined) return lines;
  const why = oneLine(`${id}: ${error.message}`);
  return [
    ...lines,
    `${paint('red', 'failed'.padEnd(8))} ${why} ${paint('dim', `[${error.code}]`)}`,
    `${paint('cyan', 'hint'.padStart(8))} ${oneLine(error.hint)}`,
  ];
}

const oneLine = (text: string): string => withoutControls(text).replaceAll(/\s*\n\s*/g, '; ');

const exceptions: Record<Comparison['except'][number], string> = {
  unsigned: 'but for the signature: there was no key, what is signed was compared alone',
  'random-signature': 'but for the signature, which holds a random number',
  compression: 'but for its compression',
};

function aboutArtifact({ verdict, except, published, differences }: Comparison): string {
  if (verdict === 'missing') return 'it is not built any more';
  if (verdict === 'extra') return 'the manifest does not have it';
  if (verdict !== 'differs') return except.map((one) => exceptions[one]).join(', ');
  const places = differences.slice(0, shownPlaces).map(place);
  const more = differences.length - places.length;
  return [
    ...(published === 'altered'
      ? ['the file beside the manifest is not the one that the manifest names']
      : []),
    ...(published === 'absent' ? ['there is no file beside the manifest to say where'] : []),
    ...places,
    ...(more > 0 ? [`${more} more (--json has all)`] : []),
    ...(except.includes('unsigned') ? ['signatures were not compared'] : []),
  ].join('; ');
}

const hex = (offset: number): string => `0x${offset.toString(16)}`;

/** `.text from 0x40 on (0x80 in the file; 312 bytes, now 320)` */
function place(difference: Difference): string {
  switch (difference.part) {
    case 'section': {
      const { name, was, now, first = 0 } = difference;
      if (was === null) return `${name} is new`;
      if (now === null) return `${name} is gone`;
      const sizes = was.size === now.size ? '' : `, now ${now.size}`;
      return `${name} from ${hex(first)} on (${hex(was.offset + first)} in the file; ${was.size} bytes${sizes})`;
    }
    case 'modinfo': {
      const { tag, was, now } = difference;
      return `modinfo ${tag} was ${quoted(was)}, now ${quoted(now)}`;
    }
    case 'headers':
      return `what lies in no section, from ${hex(difference.first)} on`;
    case 'signature':
      return `the signature alone: ${signer(difference.was)}, now ${signer(difference.now)}`;
    case 'size':
      return `${difference.was} bytes, now ${difference.now}`;
    case 'unreadable':
      return difference.why;
  }
}

const quoted = (values: readonly string[]): string =>
  values.length === 0 ? 'not there' : values.map((value) => `'${value}'`).join(', ');

const signer = (claim: Extract<Difference, { part: 'signature' }>['was']): string =>
  claim === null ? 'not signed' : `by '${claim.signer}' (${claim.hash}, ${claim.keyId})`;

function summary(report: RebuildReport, { paint }: Style): string {
  const all = report.jobs.flatMap(({ artifacts }) => artifacts);
  const wrong = all.filter(({ verdict }) => verdict !== 'equal' && verdict !== 'equal-content');
  const failed = report.jobs.filter(({ status }) => status !== 'rebuilt').length;
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const against = oneLine(displayPath(report.manifest));
  const parts: string[] = [];
  if (wrong.length > 0) {
    const what = `${wrong.length} of ${count(all.length, 'module')} ${wrong.length === 1 ? 'is' : 'are'} not as in ${against}`;
    parts.push(paint('red', what));
  } else if (all.length > 0) {
    const isWhole = all.every(({ verdict }) => verdict === 'equal');
    const how = isWhole ? 'equal, byte for byte,' : 'equal in content';
    const what = `${count(all.length, 'module')} ${all.length === 1 ? 'is' : 'are'} ${how} to ${against}`;
    parts.push(paint('green', what));
  }
  if (failed > 0) parts.push(paint('red', `${count(failed, 'job')} could not be built again`));
  if (report.ignored.length > 0) {
    parts.push(`${count(report.ignored.length, 'job')} of it had given no module`);
  }
  return `${parts.join(', ')}, in ${formatDuration(report.milliseconds)}.${advice(report, wrong)}`;
}

/** Why bytes may differ, as far as that can be told. */
function advice({ jobs, inputs, output }: RebuildReport, wrong: readonly Comparison[]): string {
  if (wrong.length === 0) return '';
  const details = [...inputs, ...jobs.flatMap((job) => job.inputs)].map(({ detail }) => detail);
  const known = [...new Set(details)];
  const isFromBuild = wrong.some(({ was, now }) => was !== now);
  const keep =
    output === undefined && isFromBuild ? " 'rebuild --out DIR' keeps what was built." : '';
  if (known.length > 0) return ` Not as it was: ${oneLine(known.join('; '))}.${keep}`;
  if (!isFromBuild) return ' What was built is what the manifest names.';
  return ` All that the manifest tells of its inputs is as it was: the build is not reproducible.${keep}`;
}
