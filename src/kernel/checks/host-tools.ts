import { archOfElf } from '../../arch/arch.js';
import { isSet } from '../config.js';
import { kdirFinding, type KdirFinding } from '../findings.js';
import type { HostProgram } from '../host-program.js';
import { compareVersions, everyModulesTools } from '../host-tools.js';
import { insteadOf } from './libraries.js';
import { isSince, type KdirCheck, type KdirSubject } from './subject.js';

/** A program that this configuration makes Kbuild run, and what it means if it does not. */
interface NeededTool {
  name: string;
  severity: KdirFinding['severity'];
  /** Why Kbuild runs it. */
  why: string;
}

/** What Kbuild runs for modules with a configuration (scripts/Makefile.build, Makefile.lib, Makefile.modfinal). */
function neededTools(subject: KdirSubject): NeededTool[] {
  const { config, find } = subject;
  const has = (name: string) => isSet(config, `CONFIG_${name}`);
  const dwarf = has('GENDWARFKSYMS');
  const tool = (name: string, severity: KdirFinding['severity'], why: string) => [
    { name, severity, why },
  ];
  return [
    ...everyModulesTools.flatMap((name) => tool(name, 'error', 'every module')),
    // For modules that export symbols; those that export none build without it.
    ...(has('MODVERSIONS') && !dwarf
      ? tool('scripts/genksyms/genksyms', 'warning', 'CONFIG_MODVERSIONS')
      : []),
    ...(dwarf
      ? tool('scripts/gendwarfksyms/gendwarfksyms', 'warning', 'CONFIG_GENDWARFKSYMS')
      : []),
    // Since 5.19 objtool has a symbol of its own; before, stack validation alone used it.
    ...(has('OBJTOOL') || (has('STACK_VALIDATION') && !isSince(subject, 5, 19))
      ? tool('tools/objtool/objtool', 'error', 'CONFIG_OBJTOOL')
      : []),
    ...(has('FTRACE_MCOUNT_USE_RECORDMCOUNT') && has('HAVE_C_RECORDMCOUNT')
      ? tool('scripts/recordmcount', 'error', 'CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT')
      : []),
    // Without a vmlinux Kbuild leaves BTF out.
    ...(has('DEBUG_INFO_BTF_MODULES') && find('vmlinux') !== undefined
      ? tool('tools/bpf/resolve_btfids/resolve_btfids', 'error', 'CONFIG_DEBUG_INFO_BTF_MODULES')
      : []),
    // Only modules_install runs it; kbuild-ts signs by itself.
    ...(has('MODULE_SIG') ? tool('scripts/sign-file', 'note', 'CONFIG_MODULE_SIG') : []),
  ];
}

/** The programs are there, and run in the image that builds. */
export const checkHostTools: KdirCheck = (subject) => {
  const findings: KdirFinding[] = [];
  const read: { tool: NeededTool; program: HostProgram }[] = [];
  for (const tool of neededTools(subject)) {
    try {
      const program = subject.tool(tool.name);
      if (program !== undefined) read.push({ tool, program });
      // Of those two checkPrepared says it.
      else if (!everyModulesTools.includes(tool.name)) findings.push(missing(tool));
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

function missing({ name, severity, why }: NeededTool): KdirFinding {
  const message = `the host tool ${name} is missing, which ${why} asks for`;
  return kdirFinding('KDIR_HOST_TOOL_MISSING', severity, message, mendOf(severity));
}

/** What no build needs is left as it is. */
const mendOf = (severity: KdirFinding['severity']): { mend?: 'host-tools' } =>
  severity === 'note' ? {} : { mend: 'host-tools' };

function unreadable({ name, severity }: NeededTool, message: string): KdirFinding {
  if (everyModulesTools.includes(name)) {
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
  const names = others.map(({ tool }) => tool.name).join(', ');
  const message = `host tools are programs for ${known}, and this machine is ${buildArch.name}: ${names}`;
  return [kdirFinding('KDIR_HOST_TOOL_MACHINE', severity, message, mendOf(severity))];
}

const order = ['error', 'warning', 'note'] as const;
const worst = (severities: readonly KdirFinding['severity'][]): KdirFinding['severity'] =>
  order.find((severity) => severities.includes(severity)) ?? 'note';

function notExecutable({ name, severity }: NeededTool, program: HostProgram): KdirFinding[] {
  const plain = [program, ...program.behind].filter(({ executable }) => !executable);
  const [first] = plain;
  if (first === undefined) return [];
  const message = `the host tool ${name} cannot be executed: ${first.file} has no x bit`;
  return [kdirFinding('KDIR_HOST_TOOL_NOT_EXECUTABLE', severity, message, mendOf(severity))];
}

/** What it needs of the image of a suite, and the image does not have. */
function unmet(
  { name, severity }: NeededTool,
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
    const message = `the host tool ${name} needs glibc ${newest}, and the image of ${suite.name} has ${suite.glibc}`;
    findings.push(kdirFinding('KDIR_HOST_TOOL_GLIBC', severity, message, mend));
  }
  for (const library of new Set(all.flatMap(({ libraries }) => libraries))) {
    const instead = insteadOf(library, suite);
    if (instead === undefined) continue;
    const message = `the host tool ${name} needs ${library}, and the image of ${suite.name} has ${instead}`;
    findings.push(kdirFinding('KDIR_HOST_TOOL_LIBRARY', severity, message, mend));
  }
  return findings;
}
