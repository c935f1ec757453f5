import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { JobRecord } from '../../src/artifact/manifest-schema.js';
import type { ErrorCode } from '../../src/errors/codes.js';
import { moduleSource } from './project.js';
import { writeTree, type FileTree } from './temporary-directory.js';

/** What becomes of a source: modules, a rule that excludes it, or an error. */
export type Verdict = 'built' | 'excluded' | ErrorCode;

/**
 * A DKMS source and what is to become of it. In texts, `SELF` stands for the scenario's name: of its
 * directory, and of its module and package too, unless it says otherwise.
 */
export interface Scenario {
  /** The whole dkms.conf; default: `usual`. */
  conf?: string;
  /** Beside dkms.conf; a Makefile and a source of the one module are there by default. */
  files?: FileTree;
  /** No Makefile and no source by default. */
  bare?: boolean;
  /** kbuild.config.yaml without its name. */
  config?: string;
  verdict: Verdict;
  /** What the error or the rule says, or what warnings say of what was built. */
  says?: RegExp[];
  /** What the job's log holds, in this order. */
  log?: RegExp[];
  /** The modules that are published, without .ko; default: what is built by default. */
  modules?: string[];
  /** The exit status of `dkms build` 3.2.2 for the same source, and why it differs where it does. */
  dkms?: number | { exit: number; since: string };
  /** More that must hold. */
  also?: (job: JobRecord, output: string) => void;
}

export type Scenarios = Record<string, Scenario>;

/** A dkms.conf as most are. */
export const usual = `PACKAGE_NAME="SELF"
PACKAGE_VERSION="1.0"
BUILT_MODULE_NAME[0]="SELF"
DEST_MODULE_LOCATION[0]="/updates/dkms"
AUTOINSTALL="yes"
`;

/** Writes a scenario's source into a directory of its name. */
export function writeScenario(parent: string, name: string, scenario: Scenario): string {
  const { conf = usual, files = {}, bare = false, config } = scenario;
  const filled = (text: string) => text.replaceAll('SELF', name);
  const tree: FileTree = {
    'dkms.conf': conf,
    ...(bare ? {} : { Makefile: 'obj-m := SELF.o\n', 'SELF.c': moduleSource() }),
    ...(config !== undefined && { 'kbuild.config.yaml': `name: SELF\n${config}\n` }),
    ...files,
  };
  const named = Object.entries(tree).map(([path, content]): [string, FileTree[string]] => {
    if (typeof content === 'string') return [filled(path), filled(content)];
    if ('program' in content) return [filled(path), { program: filled(content.program) }];
    return [filled(path), content];
  });
  return writeTree(join(parent, name), Object.fromEntries(named));
}

/** Holds what has become of a scenario's source against what was to become of it. */
export function checkScenario(
  name: string,
  { verdict, modules = ['SELF'], says = [], log = [], also }: Scenario,
  job: JobRecord,
  output: string,
): void {
  const filled = (text: string) => text.replaceAll('SELF', name);
  const { error, artifacts, diagnostics } = job;
  expect(verdictOf(job), error?.message).toBe(verdict);
  expect(artifacts.map(({ path }) => basename(path, '.ko')).sort()).toEqual(
    verdict === 'built' ? modules.map(filled).sort() : [],
  );
  for (const { path } of artifacts) expect(existsSync(join(output, path)), path).toBe(true);
  const said = [error?.message ?? '', ...diagnostics.map(({ message }) => message)].join('\n');
  for (const { source } of says) expect(said).toMatch(new RegExp(filled(source), 'm'));
  expect(said).not.toMatch(/(?![\t\n])\p{Cc}/u);
  let rest = job.log === undefined ? '' : readFileSync(join(output, job.log), 'utf8');
  for (const { source } of log) {
    const found = new RegExp(filled(source), 'm').exec(rest);
    expect(found, `${source} in ${rest}`).not.toBeNull();
    rest = rest.slice((found?.index ?? 0) + (found?.[0].length ?? 0));
  }
  also?.(job, output);
}

function verdictOf({ status, error, artifacts }: JobRecord): string | undefined {
  if (status === 'built' || status === 'cached') return artifacts.length > 0 ? 'built' : 'nothing';
  return error?.code === 'DKMS_EXCLUDED' ? 'excluded' : error?.code;
}
