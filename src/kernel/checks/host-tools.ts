import { archOfElf } from '../../arch/arch.js';
import { kdirFinding, type KdirFinding } from '../findings.js';
import type { HostProgram } from '../host-program.js';
import { compareVersions, everyModulesTools } from '../host-tools.js';
import { neededTools, pluginDirectory, type NeededTool } from '../needed-tools.js';
import { insteadOf } from './libraries.js';
import type { KdirCheck, KdirSubject } from './subject.js';

/** The programs are there, and run in the image that builds. */
export const checkHostTools: KdirCheck = (subject) => {
  const findings: KdirFinding[] = [];
  const read: { tool: NeededTool; program: HostProgram }[] = [];
  const has = (name: string) => subject.find(name) !== undefined;
  for (const tool of neededTools(subject.config, has)) {
    if (tool.path === pluginDirectory) continue; // checkGccPlugins looks into it
    try {
      const program = subject.tool(tool.path);
      if (program !== undefined) read.push({ tool, program });
      // Of those two checkPrepared says it.
      else if (!everyModulesTools.includes(tool.path)) findings.push(missing(tool));
    } catch (error) {
      findings.push(unreadable(tool, (error as Error).message));
    }
  }
  return [
    ...findings,
    ...foreign(read, subject),
    ...read.flatMap(({ tool, program }) => [
      ...notExecutable(tool, program),
      ...unmet(tool, program, subject),
    ]),
  ];
};

function missing({ path, severity, why }: NeededTool): KdirFinding {
  const message = `the host tool ${path} is missing, which ${why} asks for`;
  return kdirFinding('KDIR_HOST_TOOL_MISSING', severity, message, mendOf(severity));
}

/** What no build needs is left as it is. */
const mendOf = (severity: KdirFinding['severity']): { mend?: 'host-tools' } =>
  severity === 'note' ? {} : { mend: 'host-tools' };

function unreadable({ path, severity }: NeededTool, message: string): KdirFinding {
  if (everyModulesTools.includes(path)) {
    return kdirFinding('KDIR_HOST_TOOL_UNREADABLE', severity, message, mendOf(severity));
  }
  // A script in its place may do as well.
  const less = severity === 'error' ? 'warning' : severity;
  return kdirFinding('KDIR_HOST_TOOL_MISSING', less, message, mendOf(less));
}

/** All programs of another machine in one finding: they are so together. */
function foreign(
  read: readonly { tool: NeededTool; program: HostProgram }[],
  { buildArch }: KdirSubject,
): KdirFinding[] {
  const others = read.filter(({ program }) =>
    [program, ...program.behind].some(({ machine }) => machine !== buildArch.elf.machine),
  );
  const [first] = others;
  if (first === undefined) return [];
  const severity = worst(others.map(({ tool }) => tool.severity));
  const { machine } =
    [first.program, ...first.program.behind].find((p) => p.machine !== buildArch.elf.machine) ??
    first.program;
  const known = archOfElf({ machine, class: 64 })?.name ?? `ELF machine ${machine}`;
  const names = others.map(({ tool }) => tool.path).join(', ');
  const message = `host tools are programs for ${known}, and this machine is ${buildArch.name}: ${names}`;
  return [kdirFinding('KDIR_HOST_TOOL_MACHINE', severity, message, mendOf(severity))];
}

const order = ['error', 'warning', 'note'] as const;
const worst = (severities: readonly KdirFinding['severity'][]): KdirFinding['severity'] =>
  order.find((severity) => severities.includes(severity)) ?? 'note';

function notExecutable({ path, severity }: NeededTool, program: HostProgram): KdirFinding[] {
  const plain = [program, ...program.behind].filter(({ executable }) => !executable);
  const [first] = plain;
  if (first === undefined) return [];
  const message = `the host tool ${path} cannot be executed: ${first.file} has no x bit`;
  return [kdirFinding('KDIR_HOST_TOOL_NOT_EXECUTABLE', severity, message, mendOf(severity))];
}

/** What it needs of the image of a suite, and the image does not have. */
function unmet(
  { path, severity }: NeededTool,
  program: HostProgram,
  { suite, buildArch }: KdirSubject,
): KdirFinding[] {
  if (suite === undefined || program.machine !== buildArch.elf.machine) return [];
  const mend = mendOf(severity);
  const all = [program, ...program.behind];
  const newest = all
    .flatMap(({ glibc }) => glibc)
    .sort(compareVersions)
    .at(-1);
  const findings: KdirFinding[] = [];
  if (newest !== undefined && compareVersions(newest, suite.glibc) > 0) {
    const message = `the host tool ${path} needs glibc ${newest}, and the image of ${suite.name} has ${suite.glibc}`;
    findings.push(kdirFinding('KDIR_HOST_TOOL_GLIBC', severity, message, mend));
  }
  for (const library of new Set(all.flatMap(({ libraries }) => libraries))) {
    const instead = insteadOf(library, suite);
    if (instead === undefined) continue;
    const message = `the host tool ${path} needs ${library}, and the image of ${suite.name} has ${instead}`;
    findings.push(kdirFinding('KDIR_HOST_TOOL_LIBRARY', severity, message, mend));
  }
  return findings;
}
