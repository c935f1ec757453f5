import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import type * as Sarif from 'sarif';
import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import { distinctDiagnostics, type DistinctDiagnostic } from './distinct-diagnostics.js';
import { ruleOf, type DiagnosticRule } from './diagnostic-rule.js';
import { sourcePlaceIn, type SourcePlace } from './source-place.js';

type Diagnostic = JobRecord['diagnostics'][number];
type PlaceOf = (file: string) => SourcePlace;

/** As many results code scanning takes of one run; what is more is told of. */
const mostResults = 25_000;

const schema = 'https://json.schemastore.org/sarif-2.1.0.json';

/**
 * What compilers said in a run, as SARIF 2.1.0 (OASIS): a result for each distinct message that has a
 * place, with the kernels that it was said for; a rule for each option. What has no place, and what
 * became of jobs that failed, are notifications of the run.
 * @param root directory that paths are relative to (`%SRCROOT%`); absolute
 */
export function sarifText(manifest: Manifest, root: string): string {
  return `${JSON.stringify(sarifLog(manifest, root), null, 2)}\n`;
}

function sarifLog(manifest: Manifest, root: string): Sarif.Log {
  const placeOf = sourcePlaceIn(root);
  const all = distinctDiagnostics(manifest);
  const placed = all.filter(({ file }) => file !== undefined);
  const told = placed.slice(0, mostResults);
  const rules = new Map<string, DiagnosticRule>();
  for (const diagnostic of told) {
    const rule = ruleOf(diagnostic);
    if (!rules.has(rule.id)) rules.set(rule.id, rule);
  }
  const ids = [...rules.keys()].sort();
  const prints = fingerprints(told, placeOf);
  return {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kbuild-ts',
            version: manifest.tool.version,
            rules: ids.map((id) => ({
              id,
              shortDescription: { text: rules.get(id)?.description ?? id },
              defaultConfiguration: { level: rules.get(id)?.level ?? 'warning' },
            })),
          },
        },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: {
          '%SRCROOT%': { description: { text: 'The root of the checked-out sources' } },
          KDIR: { description: { text: 'The build directory of the kernel (KDIR)' } },
        },
        invocations: [
          {
            executionSuccessful: manifest.status === 'succeeded',
            startTimeUtc: manifest.startedAt,
            toolExecutionNotifications: notifications(manifest, all, placed.length - told.length),
          },
        ],
        results: told.map((diagnostic) =>
          resultOf(diagnostic, ids, prints.get(diagnostic) ?? '', placeOf),
        ),
      },
    ],
  };
}

function resultOf(
  diagnostic: DistinctDiagnostic,
  ids: readonly string[],
  fingerprint: string,
  placeOf: PlaceOf,
): Sarif.Result {
  const { severity, message, kernels, projects, notes } = diagnostic;
  const ruleId = ruleOf(diagnostic).id;
  const related = notes.flatMap((note) =>
    locationsOf(note, placeOf).map((location) => ({
      ...location,
      message: { text: note.message },
    })),
  );
  return {
    ruleId,
    ruleIndex: ids.indexOf(ruleId),
    level: severity,
    message: { text: message },
    locations: locationsOf(diagnostic, placeOf),
    ...(related.length > 0 && { relatedLocations: related.map((one, id) => ({ id, ...one })) }),
    partialFingerprints: { 'kbuildTsDiagnostic/v1': fingerprint },
    properties: { kernels, projects },
  };
}

function locationsOf({ file, line, column }: Diagnostic, placeOf: PlaceOf): Sarif.Location[] {
  if (file === undefined) return [];
  // SARIF counts both from 1; compilers say 0 for what has no line.
  const region =
    line === undefined || line < 1
      ? undefined
      : { startLine: line, ...(column !== undefined && column > 0 && { startColumn: column }) };
  return [
    {
      physicalLocation: {
        artifactLocation: artifactLocation(placeOf(file)),
        ...(region !== undefined && { region }),
      },
    },
  ];
}

function artifactLocation({ kind, path }: SourcePlace): Sarif.ArtifactLocation {
  if (kind === 'other') return { uri: pathToFileURL(path).href };
  const uri = path.split('/').map(encodeURIComponent).join('/');
  return { uri, uriBaseId: kind === 'source' ? '%SRCROOT%' : 'KDIR' };
}

/**
 * What a result is known by from run to run: option, file and message, and which one of equal ones it is
 * in its file. The line is no part of it: what is written above does not make it another.
 */
function fingerprints(
  diagnostics: readonly DistinctDiagnostic[],
  placeOf: PlaceOf,
): Map<DistinctDiagnostic, string> {
  const seen = new Map<string, number>();
  const inOrder = [...diagnostics].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  return new Map(
    inOrder.map((diagnostic) => {
      const { kind, path } = placeOf(diagnostic.file ?? '');
      const what = JSON.stringify([ruleOf(diagnostic).id, kind, path, diagnostic.message]);
      const nth = seen.get(what) ?? 0;
      seen.set(what, nth + 1);
      return [diagnostic, createHash('sha256').update(`${what} ${nth}`).digest('hex')];
    }),
  );
}

function notifications(
  { jobs, unusable = [] }: Manifest,
  all: readonly DistinctDiagnostic[],
  untold: number,
): Sarif.Notification[] {
  return [
    ...all
      .filter(({ file }) => file === undefined)
      .map(({ severity, message, kernels, projects }) => ({
        level: severity,
        message: { text: message },
        properties: { kernels, projects },
      })),
    ...jobs.flatMap(({ id, status, error }) =>
      status === 'failed' && error !== undefined
        ? [
            {
              level: 'error' as const,
              descriptor: { id: error.code },
              message: { text: `${id}: ${error.message}` },
            },
          ]
        : [],
    ),
    ...unusable.map(({ ref, error }) => ({
      level: 'error' as const,
      descriptor: { id: error.code },
      message: { text: `kernel ${ref}: ${error.message}` },
    })),
    ...(untold > 0
      ? [{ level: 'warning' as const, message: { text: `${untold} more results are left out` } }]
      : []),
  ];
}
