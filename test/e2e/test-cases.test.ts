import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestCaseRecord } from '../../src/artifact/test-record-schema.js';
import { casesOf, outcomesOf, tested } from '../support/tested.js';

const project = fileURLToPath(new URL('../fixtures/ring', import.meta.url));

const needed = ['crc_itu_t loaded', 'crc7 loaded'];
const all = ['banned loaded', 'ring loaded', ...needed, 'ring_user loaded'];
const ring = ['ring loaded'];

/** Of each case of the project's configuration: what becomes of its modules, and why it fails. */
const expected: Record<string, { modules: string[]; reasons?: RegExp[] }> = {
  'all with what they need of the kernel': { modules: all },
  'many times': { modules: ring },
  parameters: { modules: all },
  'other parameters': { modules: all, reasons: [/^PARAMETER_DIFFERS .*"128", not "64"/] },
  'a parameter that is not there': { modules: all, reasons: [/^PARAMETER_UNREADABLE .*colour/] },
  silence: {
    modules: all,
    reasons: [/^MESSAGE_MISSING .*1 byte\$/, /^MESSAGE_FORBIDDEN .*"ring: 16 bytes"/],
  },
  'a wrong size': { modules: ['ring refused EINVAL'] },
  'a wrong size that nobody expects': {
    modules: ['ring refused EINVAL'],
    reasons: [/^MODULE_REFUSED ring: .*EINVAL/],
  },
  'a wrong size expected to be another error': {
    modules: ['ring refused EINVAL'],
    reasons: [/^REFUSAL_OTHER ring: .*ENOENT.*EINVAL/],
  },
  'a good size expected to be refused': { modules: ring, reasons: [/^REFUSAL_MISSING ring: /] },
  'a good script': { modules: all },
  'a bad script': {
    modules: all,
    reasons: [/^SCRIPT_FAILED the script ended with 3; .*something is amiss$/],
  },
  'by modprobe': { modules: ['ring loaded', 'crc8 loaded', ...needed, 'ring_user loaded'] },
  'post softdep': { modules: ['ring loaded', 'crc8 loaded'] },
  'by alias': { modules: ['ring loaded', 'crc8 loaded'] },
  'by an alias of modprobe.d': {
    modules: ['ring loaded', 'crc8 loaded', ...needed, 'ring_user loaded'],
  },
  'by an alias of nobody': { modules: [], reasons: [/^NOT_REACHED .*platform:bell/] },
  'banned by its alias': { modules: [], reasons: [/^NOT_REACHED .*platform:banned .*blacklist/] },
  'banned by its alias, as it should be': { modules: [] },
  'expected to be banned, and is not': {
    modules: ['ring loaded', 'crc8 loaded', ...needed, 'ring_user loaded'],
    reasons: [/^REFUSAL_MISSING ring_user: .*kept out by the blacklist, and was loaded/],
  },
  'banned by its name': { modules: ['banned loaded'] },
  alone: { modules: ['ring_user refused ENOENT'] },
  'alone that nobody expects': {
    modules: ['ring_user refused ENOENT'],
    reasons: [/^MODULE_REFUSED ring_user: .*Unknown symbol ring_size/],
  },
  'in the wrong order': {
    modules: ['ring_user refused ENOENT', 'ring not reached'],
    reasons: [/^MODULE_REFUSED ring_user: .*Unknown symbol ring_size/],
  },
  "with one of the kernel's own": { modules: ['crc7 loaded', 'ring loaded'] },
  'with one that is nowhere': { modules: [], reasons: [/^NOT_REACHED .*rign.*did you mean ring/] },
  'of its own': { modules: ring },
};

describe('the cases of a project (Debian 6.1, x86_64)', () => {
  let cases: Map<string, TestCaseRecord>;
  let run: Awaited<ReturnType<typeof tested>>;
  const caseOf = (name: string) => cases.get(`ring: ${name}`)!;

  beforeAll(async () => {
    run = await tested([project, '-k', 'debian:bookworm', '-a', 'x86_64']);
    cases = casesOf(run.manifest);
  });

  it('are all tried, and the run says that some failed', () => {
    expect(run.exitCode, run.stderr).toBe(1);
    expect([...cases.keys()]).toEqual(Object.keys(expected).map((name) => `ring: ${name}`));
  });

  it.each(Object.entries(expected))('%s', (name, { modules, reasons = [] }) => {
    const found = caseOf(name);
    const said = found.reasons.map(({ code, text }) => `${code} ${text}`);
    expect(said).toEqual(reasons.map((pattern) => expect.stringMatching(pattern) as string));
    expect(found.verdict).toBe(reasons.length === 0 ? 'passed' : 'failed');
    expect(outcomesOf(found)).toEqual(modules);
    // What was loaded is unloaded, the last first.
    const loaded = found.modules.filter(({ outcome }) => outcome === 'loaded');
    expect(found.unloads.map(({ module }) => module)).toEqual(
      loaded.map(({ module }) => module).reverse(),
    );
  });

  it('tell which modules are the project’s own', () => {
    const { modules } = caseOf('all with what they need of the kernel');
    const own = modules.filter(({ role }) => role === 'tested').map(({ module }) => module);
    expect(own).toEqual(['banned', 'ring', 'ring_user']);
  });

  it('show how often, with what, and what a script said', () => {
    expect(caseOf('many times').repetitions).toBe(20);
    const parametersOf = (name: string) =>
      caseOf(name).modules.find(({ module }) => module === 'ring')?.parameters;
    expect(parametersOf('parameters')).toEqual({ size: '128', loud: 'Y' });
    expect(parametersOf('many times')).toEqual({ size: '16', loud: 'N' });
    expect(parametersOf('by modprobe')).toEqual({ size: '64', loud: 'N' });
    expect(caseOf('a good script').script).toMatchObject({
      exitCode: 0,
      output: ['the size is 16'],
    });
    expect(caseOf('a bad script').script?.exitCode).toBe(3);
  });

  it('can be chosen', async () => {
    const { manifest, exitCode } = await tested([
      ...[project, '-k', 'debian:bookworm', '-a', 'x86_64', '--case', 'a wrong size', '--isolated'],
    ]);
    expect(exitCode).toBe(0);
    expect([...casesOf(manifest).keys()]).toEqual(['ring: a wrong size']);
    expect(manifest.tests?.[0]?.kernelImage).toContain(join('boot', 'vmlinuz-6.1'));
  });
});
