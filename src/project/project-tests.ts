import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseConfigText, position, type ConfigSource } from '../data/config-problem.js';
import { durationInMs, sizeInBytes } from '../data/quantity.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { TestConfig } from './test-schema.js';

/** How the modules of a project are tried in a booted kernel: the configuration, with its defaults. Serialisable. */
export interface ProjectTests {
  /** Of a virtual machine. */
  memoryBytes: number;
  cpus: number;
  /** How long a step may take. */
  timeoutMs: number;
  /** More parameters for the kernel. */
  commandLine: string[];
  /** A file or a directory of them, as in /etc/modprobe.d. Absolute. */
  modprobe?: string;
  /** At least one. */
  cases: ProjectTestCase[];
}

/** Texts by module and parameter, as the kernel reads and shows them. */
export type ModuleParameters = Record<string, Record<string, string>>;

export interface ProjectTestCase {
  name: string;
  /** In this order; absent: all modules of the project, providers first. */
  load?: string[];
  /** Whether what they need is loaded before them. */
  dependencies: boolean;
  by: 'insmod' | 'modprobe';
  /** In place of `load`: what this modalias stands for. */
  alias?: string;
  parameters: ModuleParameters;
  expect: {
    /** `blacklisted`: modprobe.d keeps `alias` from loading anything. */
    refused?: string | true;
    parameters?: ModuleParameters;
    messages?: string[];
    noMessages?: string[];
  };
  /** Absolute. */
  script?: string;
  repeat: number;
  isolated: boolean;
}

/** What is tried where nobody says what. */
export const defaultTests = (): ProjectTests => testsOf('/', {});

/**
 * The tests that a configuration describes.
 * @param directory the configuration's; absolute
 * @param file the configuration
 * @throws KbuildError CONFIG_INVALID for a file that is not there
 */
export function projectTests(directory: string, file: string, config: TestConfig): ProjectTests {
  const tests = testsOf(directory, config);
  const missing = (path: PropertyKey[], name: string) =>
    invalid(file, path, `there is no ${name}`, 'The path is relative to the configuration.');
  if (tests.modprobe !== undefined && !existsSync(tests.modprobe)) {
    throw missing(['test', 'modprobe'], tests.modprobe);
  }
  // What `load` names may be one of the kernel's own: that is known when there is a kernel.
  for (const [i, { script }] of tests.cases.entries()) {
    if (script !== undefined && !existsSync(script)) {
      throw missing(['test', 'cases', i, 'script'], script);
    }
  }
  return tests;
}

/** Files of a project that say how it is tested, and that no build reads; relative to its directory. */
export function testFiles(directory: string, tests: ProjectTests | undefined): string[] {
  return (tests?.cases ?? []).flatMap(({ script }) =>
    script === undefined ? [] : relative(directory, script),
  );
}

function testsOf(directory: string, config: TestConfig): ProjectTests {
  const { modprobe, cases = [{ name: 'load' }] } = config;
  return {
    memoryBytes: sizeInBytes(config.memory ?? '512m') ?? 0,
    cpus: config.cpus ?? 1,
    timeoutMs: durationInMs(config.timeout ?? '20s') ?? 0,
    commandLine: config.commandLine ?? [],
    ...(modprobe !== undefined && { modprobe: resolve(directory, modprobe) }),
    cases: cases.map((one) => caseOf(directory, one)),
  };
}

function caseOf(
  directory: string,
  config: NonNullable<TestConfig['cases']>[number],
): ProjectTestCase {
  const { name, load, alias, script, parameters, expect = {} } = config;
  const { refused, messages, noMessages } = expect;
  return {
    name,
    ...(load !== undefined && { load }),
    dependencies: config.dependencies ?? true,
    by: alias !== undefined ? 'modprobe' : (config.by ?? 'insmod'),
    ...(alias !== undefined && { alias }),
    parameters: asTexts(parameters ?? {}),
    expect: {
      ...(refused !== undefined && { refused }),
      ...(expect.parameters !== undefined && { parameters: asTexts(expect.parameters) }),
      ...(messages !== undefined && { messages }),
      ...(noMessages !== undefined && { noMessages }),
    },
    ...(script !== undefined && { script: resolve(directory, script) }),
    repeat: config.repeat ?? 1,
    isolated: config.isolated ?? false,
  };
}

/** As the kernel reads and shows them: a bool is Y or N. */
function asTexts(
  all: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>,
): ModuleParameters {
  const text = (value: string | number | boolean) =>
    typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value);
  return Object.fromEntries(
    Object.entries(all).map(([module, values]) => [
      module,
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)])),
    ]),
  );
}

function invalid(file: string, path: PropertyKey[], message: string, hint: string): KbuildError {
  // Where a key stands is only looked up where something is wrong.
  const source: ConfigSource = /\.(ya?ml|json)$/.test(file)
    ? parseConfigText(file, readFileSync(file, 'utf8'))
    : { file };
  const where = path.map(String).join('.');
  return new KbuildError('CONFIG_INVALID', `${position(source, path)}: ${where}: ${message}`, hint);
}
