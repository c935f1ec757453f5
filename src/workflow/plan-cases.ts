import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../errors/nearest.js';
import type { BootFiles } from '../kernel/boot-files.js';
import { parseSymvers, type Symvers } from '../kernel/symvers.js';
import {
  noModprobeConfig,
  parseModprobeConfig,
  type ModprobeConfig,
} from '../module/modprobe/modprobe-config.js';
import type { ProjectTestCase } from '../project/project-tests.js';
import { supplyModules, type ModuleSupply } from '../vm/module-supply.js';
import { planRequests } from '../vm/plan-requests.js';
import { planLoads, testedInOrder, type LoadProblem, type PlannedLoads } from '../vm/plan-loads.js';
import type { Load, RequestTable, TestCase } from '../vm/test-case.js';
import type { TestRequest } from './test.js';
import type { TestSubject } from './test-subject.js';

/**
 * A case that can be tried, or why it cannot: what it needs is not to be had. Without obstacles, that nothing is
 * loaded is what it expects.
 */
export type PlannedCase = { testCase: TestCase } | { name: string; obstacles: string[] };

/**
 * Turns what a project says of its tests into what a guest does.
 * @param asked names and aliases that a kernel has asked for: its own modules of these names are supplied besides
 */
export async function planCases(
  { own, others, kdir, tests }: TestSubject,
  { modules }: BootFiles,
  { machine, isolated }: TestRequest,
  asked: readonly string[] = [],
): Promise<PlannedCase[]> {
  const symvers = symversOf(kdir.symversPath);
  const configured = modprobeConfig(tests.modprobe);
  const supplyWith = memoized((config: ModprobeConfig) =>
    supplyModules({
      tested: [...own, ...others],
      ...(modules !== undefined && { directory: modules }),
      symvers,
      config,
      names: [
        ...tests.cases.flatMap(({ load = [], alias }) => [
          ...load,
          ...(alias === undefined ? [] : [alias]),
        ]),
        ...asked,
      ],
    }),
  );
  const planned: PlannedCase[] = [];
  for (const one of tests.cases) {
    const supply = await supplyWith(one.by === 'modprobe' ? configured : noModprobeConfig);
    const { loads, problems } = loadsOf(one, supply, new Set(own));
    if (one.expect.refused === 'blacklisted' && isKeptOut(loads, problems)) {
      planned.push({ name: one.name, obstacles: [] });
      continue;
    }
    const obstacles = one.dependencies
      ? problems.filter(isObstacle).map((one) => explain(one, supply))
      : [];
    if (obstacles.length > 0) {
      planned.push({ name: one.name, obstacles });
      continue;
    }
    planned.push({
      testCase: {
        name: one.name,
        loads: loads.map((load) => withParameters(load, one)),
        requests: requestsOf(one, supply, loads),
        ...(one.script !== undefined && { script: readFileSync(one.script, 'utf8') }),
        repeat: one.repeat,
        isolated: isolated || one.isolated,
        timeoutMs: machine.timeoutMs ?? tests.timeoutMs,
        expect: one.expect,
      },
    });
  }
  return planned;
}

const kernelName = (name: string): string => name.replaceAll('-', '_');

function loadsOf(
  { load, alias, dependencies }: ProjectTestCase,
  supply: ModuleSupply,
  own: ReadonlySet<string>,
): PlannedLoads {
  if (alias !== undefined) return planLoads([{ name: alias, useBlacklist: true }], supply);
  const isOwn = (name: string) => own.has(supply.modules.get(name)?.file ?? '');
  const names = load?.map(kernelName) ?? testedInOrder(supply).filter(isOwn);
  if (dependencies) return planLoads(names, supply);
  const loads = names.flatMap((name) => {
    const module = supply.modules.get(name);
    return module === undefined ? [] : [{ module, parameters: [], required: true }];
  });
  const absent = names.filter((name) => !supply.modules.has(name));
  return { loads, problems: absent.map((name) => ({ reason: 'not-found', name })) };
}

/** Where a case loads what it names and nothing else, the kernel gets nothing else either. */
function requestsOf(
  one: ProjectTestCase,
  supply: ModuleSupply,
  own: readonly Load[],
): RequestTable {
  const only = one.dependencies ? undefined : new Set(own.map(({ module }) => module.name));
  const { lookups, loads } = planRequests(supply, only);
  const given = Object.entries(loads).map(
    ([name, all]) => [name, all.map((load) => withParameters(load, one))] as const,
  );
  return { lookups, loads: Object.fromEntries(given) };
}

function withParameters(load: Load, { parameters }: ProjectTestCase): Load {
  const own = Object.entries(parameters).find(([name]) => kernelName(name) === load.module.name);
  const words = Object.entries(own?.[1] ?? {}).map(([name, value]) => `${name}=${value}`);
  return { ...load, parameters: [...load.parameters, ...words] };
}

/** All that was asked for is on the blacklist. */
const isKeptOut = (loads: readonly Load[], problems: readonly LoadProblem[]): boolean =>
  loads.length === 0 &&
  problems.length > 0 &&
  problems.every(({ reason }) => reason === 'blacklisted');

/** What modprobe goes on without is no reason not to try. */
const isObstacle = (problem: LoadProblem): boolean => !('required' in problem) || problem.required;

function explain(problem: LoadProblem, supply: ModuleSupply): string {
  switch (problem.reason) {
    case 'missing': {
      const { symbol, neededBy, module } = problem;
      const where =
        module === undefined
          ? 'nothing exports it'
          : `its exporter ${module} is not in the kernel's image`;
      return `${neededBy} needs ${symbol}: ${where}`;
    }
    case 'install':
      return `${problem.module} is loaded by a command of modprobe.d, which no guest can run: ${problem.command}`;
    case 'blacklisted':
      return `all that ${problem.name} stands for is on the blacklist of modprobe.d`;
    case 'not-found': {
      const near = nearest(problem.name, testedInOrder(supply));
      const meant = near === undefined ? '' : `; did you mean ${near}?`;
      return `no module of the project or of the kernel is called ${problem.name}, and none has it for an alias${meant}`;
    }
  }
}

const symversOf = memoized((path: string): Symvers => parseSymvers(readFileSync(path, 'utf8')));

/** A file of modprobe.d, or all of a directory. */
function modprobeConfig(path: string | undefined): ModprobeConfig {
  if (path === undefined) return noModprobeConfig;
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => name.endsWith('.conf'))
        .sort()
        .map((name) => join(path, name))
    : [path];
  return parseModprobeConfig(
    files.map((file) => ({ path: file, text: readFileSync(file, 'utf8') })),
  );
}

function memoized<A, T>(make: (given: A) => T): (given: A) => T {
  const known = new Map<A, T>();
  return (given) => {
    const value = known.get(given) ?? make(given);
    known.set(given, value);
    return value;
  };
}
