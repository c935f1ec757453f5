import { join, posix } from 'node:path';
import type { Diagnostic } from '../events/event.js';
import type { Job } from '../plan/job.js';
import { containerLayout } from '../plan/layout.js';

const patterns: { pattern: RegExp; severity?: Diagnostic['severity'] }[] = [
  // GCC, Clang and sparse: file:line:column: severity: message [-Wflag]; gas begins it with a capital
  {
    pattern:
      /^(?<file>[^\s:][^:]*):(?<line>\d+):(?:(?<column>\d+):)? (?<severity>[Ff]atal error|[Ee]rror|[Ww]arning|note): (?<message>.*?)(?: \[(?<flag>-W[^\]]+)\])?$/,
  },
  // Compilers and linkers, of what has no place: tool: severity: message [-Wflag]
  {
    pattern:
      /^(?:\S*[/-])?(?:gcc|cc1|clang|ld(?:\.\w+)?)(?:-\d+)?: (?<severity>fatal error|error|warning|note): (?<message>.*?)(?: \[(?<flag>-W[^\]]+)\])?$/,
  },
  // scripts/mod/modpost.c
  { pattern: /^(?<severity>ERROR|WARNING|FATAL): modpost: (?<message>.*)$/ },
  // make, of a Makefile that it cannot read: file:line: *** message.  Stop.
  {
    pattern: /^(?<file>[^\s:][^:]*):(?<line>\d+): \*\*\* (?<message>.*?)\.?\s+Stop\.$/,
    severity: 'error',
  },
  { pattern: /^make(?:\[\d+\])?: \*\*\* (?<message>.*?)\.?\s+Stop\.$/, severity: 'error' },
  // It goes on with other targets before it stops.
  {
    pattern: /^make(?:\[\d+\])?: \*\*\* (?<message>No rule to make target .*?)\.?$/,
    severity: 'error',
  },
  // GNU ld: a line where the debug information tells it, else a place in a section
  {
    pattern:
      /^(?:(?:\S*[/-])?ld(?:\.\w+)?: )?(?<file>[^\s:][^:]*):(?:(?<line>\d+)|\(\S+\)): (?<message>(?:multiple definition of|undefined reference to) .*)$/,
    severity: 'error',
  },
  {
    pattern:
      /^(?:\S*[/-])?ld(?:\.\w+)?(?:-\d+)?: (?<message>.*(?:undefined|cannot|error|multiple definition).*)$/,
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
  // The innermost first: a project may lie in one that it depends on.
  const placed = [job.source, ...job.dependencies].sort(
    (a, b) => b.placement.length - a.placement.length,
  );
  const own = new Set(job.source.project.files.map(({ path }) => path));
  // dkms builds a source in a directory of its name and version, which only dkms.conf knows.
  const dkmsBuild = job.dkms && /\/var\/lib\/dkms\/[^/\s]+\/[^/\s]+\/build\//g;
  return (whole) => {
    const text =
      dkmsBuild === undefined
        ? whole
        : whole.replaceAll(dkmsBuild, () => `${job.source.project.directory}/`);
    const relative = posix.normalize(text);
    if (own.has(relative)) return join(job.source.project.directory, relative);
    const [before = '', ...paths] = text.split(`${build}/`);
    const mapped = paths.map((path) => {
      const found = placed.find(({ placement }) => path.startsWith(`${placement}/`));
      if (found === undefined) return `${build}/${path}`;
      return found.project.directory + path.slice(found.placement.length);
    });
    return before + mapped.join('');
  };
}
