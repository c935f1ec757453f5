import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import type { TestCaseRecord } from '../../src/artifact/test-record-schema.js';
import { kbuildJson, root, type CliOptions } from './cli.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A run of `kbuild-ts test --json`, with the directory that it has published to. */
export async function tested(args: string[], given: CliOptions = {}) {
  const out = temporaryDirectory();
  const { document, ...run } = await kbuildJson<Manifest>(['test', ...args, '--out', out], given);
  return { ...run, manifest: document, out };
}

/** All cases of a run, by `project: case`. */
export function casesOf({ tests = [] }: Manifest): Map<string, TestCaseRecord> {
  return new Map(
    tests.flatMap(({ project, cases }) =>
      cases.map((one) => [`${project}: ${one.name}`, one] as const),
    ),
  );
}

/** Why a case failed, each code once, in order. */
export const codesOf = ({ reasons }: TestCaseRecord): string[] => [
  ...new Set(reasons.map(({ code }) => code)),
];

/** `hello loaded`, `hello refused EINVAL`: what became of the modules of a case. */
export const outcomesOf = ({ modules }: TestCaseRecord): string[] =>
  modules.map(({ module, outcome, error }) =>
    [module, outcome, ...(error === undefined ? [] : [error])].join(' '),
  );

/** The directory of a module that misbehaves. */
export const misbehaving = (name: string): string => join(root, 'test/modules', name);

/** `oops_init.c:10`: the line of a misbehaving module's source that has a text. */
export function placeIn(name: string, text: string): string {
  const lines = readFileSync(join(misbehaving(name), `${name}.c`), 'utf8').split('\n');
  return `${name}.c:${lines.findIndex((line) => line.includes(text)) + 1}`;
}
