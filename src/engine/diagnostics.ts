import { join } from 'node:path';
import type { Diagnostic } from '../events/event.js';
import type { Job } from '../plan/job.js';
import { containerLayout } from '../plan/layout.js';

const patterns: { pattern: RegExp; severity?: Diagnostic['severity'] }[] = [
  // GCC, Clang and sparse: file:line:column: severity: message [-Wflag]
  {
    pattern:
      /^(?<file>[^\s:][^:]*):(?<line>\d+):(?:(?<column>\d+):)? (?<severity>fatal error|error|warning|note): (?<message>.*?)(?: \[(?<flag>-W[^\]]+)\])?$/,
  },
  // scripts/mod/modpost.c
  { pattern: /^(?<severity>ERROR|WARNING|FATAL): modpost: (?<message>.*)$/ },
  // make, of a Makefile that it cannot read: file:line: *** message.  Stop.
  {
    pattern: /^(?<file>[^\s:][^:]*):(?<line>\d+): \*\*\* (?<message>.*?)\.?\s+Stop\.$/,
    severity: 'error',
  },
  {
    pattern: /^make(?:\[\d+\])?: \*\*\* (?<message>No rule to make target .*?)\.?(?:\s+Stop\.)?$/,
    severity: 'error',
  },
  {
    pattern:
      /^\S*ld(?:\.lld|\.bfd)?(?:-\d+)?: (?:error: )?(?<message>.*(?:undefined|cannot|error|multiple definition).*)$/,
    severity: 'error',
  },
];

/** Reads one line of a build's output; undefined for one that is no diagnostic. */
export function parseDiagnostic(
  text: string,
  toUserPath: (path: string) => string,
): Diagnostic | undefined {
  for (const { pattern, severity } of patterns) {
    const groups = pattern.exec(text)?.groups;
    if (groups?.message === undefined) continue;
    const said = groups.severity?.toLowerCase();
    return {
      severity: severity ?? (said === 'warning' || said === 'note' ? said : 'error'),
      message: toUserPath(groups.message),
      ...(groups.file !== undefined && { file: toUserPath(groups.file) }),
      ...(groups.line !== undefined && { line: Number(groups.line) }),
      ...(groups.column !== undefined && { column: Number(groups.column) }),
      ...(groups.flag !== undefined && { flag: groups.flag }),
    };
  }
  return undefined;
}

/**
 * Maps what a compiler says back to the user's directories: paths below the build directory,
 * and, since Linux 6.13 builds in the module's own directory, relative ones.
 */
export function userPaths(job: Job, build = containerLayout.build): (text: string) => string {
  const placed = [job.source, ...job.dependencies];
  const own = new Set(job.source.project.files.map(({ path }) => path));
  return (text) => {
    if (own.has(text)) return join(job.source.project.directory, text);
    for (const { placement, project } of placed) {
      text = text.replaceAll(`${build}/${placement}/`, `${project.directory}/`);
    }
    return text;
  };
}
