import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fixtureModulePath } from '../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { packageVersion } from '../data/package-root.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import { commands, type CommandTree } from './commands/index.js';
import { runCli } from './main.js';

let stdout = '';
let stderr = '';

beforeEach(() => {
  [stdout, stderr] = ['', ''];
  vi.spyOn(console, 'log').mockImplementation((...words) => {
    stdout += `${words.join(' ')}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation((...words) => {
    stderr += `${words.join(' ')}\n`;
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    stderr += String(chunk);
    return true;
  });
  // No command may find an engine, or the user's own cache.
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  vi.stubEnv('KBUILD_TS_CACHE_DIR', temporaryDirectory());
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Every command as it is called. */
function commandLines(tree: CommandTree = commands): string[] {
  return Object.entries(tree).flatMap(([name, entry]) =>
    'usage' in entry ? [name] : commandLines(entry.commands).map((line) => `${name} ${line}`),
  );
}

describe('a command line that cannot be understood', () => {
  const wrong: [what: string, args: string[], said: RegExp][] = [
    ['no command', [], /Name a command/],
    ['a command that does not exist', ['frobnicate'], /frobnicate/],
    ['a command that is misspelt', ['biuld'], /Did you mean build\?/],
    ['a group without a command', ['kernel'], /./],
    ['a group with a command that is misspelt', ['kernel', 'lst'], /Did you mean list\?/],
    ['an option that does not exist', ['build', '--archs', 'arm64'], /Unknown argument: archs/],
    ['an option of another command', ['doctor', '--arch', 'arm64'], /Unknown argument/],
    ['an option without its value', ['build', '--out'], /out/],
    ['a list without its value', ['build', '--arch'], /arch/],
    ['a value that is none of the choices', ['build', '--runtime', 'podman'], /docker.*host/s],
    ['options that exclude each other', ['build', '--keep-going', '--fail-fast'], /exclusive/],
    ['too many arguments', ['doctor', 'b'], /Unknown argument: b/],
    ['an argument that is missing', ['inspect'], /./],
    ['the end of options', ['build', '--', 'drv'], /'--' is not known: .*\.\/-name/],
    ['a number that is none', ['build', '--jobs', 'many'], /--jobs/],
    ['a number of jobs that is no number', ['build', '--jobs', '1.5'], /--jobs 1\.5/],
    ['no jobs at all', ['build', '--jobs', '0'], /--jobs 0/],
    ['a size that is none', ['build', '--memory', 'much'], /--memory much: not a size/],
    ['a duration that is none', ['build', '--timeout', 'long'], /--timeout long: not a duration/],
  ];

  it.each(wrong)('is exit status 2 and a hint on stderr: %s', async (_, args, said) => {
    expect(await runCli(args)).toBe(2);
    expect(stderr).toMatch(/^error .*\[USAGE\]\n hint ./s);
    expect(stderr).toMatch(said);
    expect(stdout).toBe('');
  });

  it.each(wrong)('is an error document on stdout with --json: %s', async (_, args, said) => {
    expect(await runCli([...args, '--json'])).toBe(2);
    const document = JSON.parse(stdout) as { schemaVersion: number; error: ErrorReport };
    expect(document).toEqual({
      schemaVersion: 1,
      error: {
        code: 'USAGE',
        message: expect.stringMatching(said),
        hint: expect.stringMatching(/./),
      },
    });
    expect(stderr).toContain('[USAGE]');
  });
});

describe('an error that ends a command', () => {
  it('gives its own exit status, and its code on both streams', async () => {
    expect(await runCli(['build', '/nonexistent', '--json'])).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'PROJECT_NOT_FOUND' } });
    expect(stderr).toMatch(/there is no directory \/nonexistent .*\[PROJECT_NOT_FOUND\]/);
  });

  it('prints nothing on stdout without --json', async () => {
    expect(await runCli(['build', '/nonexistent'])).toBe(2);
    expect(stdout).toBe('');
  });

  it('leaves nothing of its run behind', async () => {
    await runCli(['build', '/nonexistent']);
    expect(readdirSync(join(process.env.KBUILD_TS_CACHE_DIR!, 'runs'))).toEqual([]);
  });

  it('of infrastructure is exit status 4', async () => {
    expect(await runCli(['toolchain', 'build', 'gcc-12'])).toBe(4);
    expect(stderr).toContain('[ENGINE_NOT_FOUND]');
  });
});

describe('runCli', () => {
  it.each(['--version', '-v', 'build --version'])('prints its version: %s', async (line) => {
    expect(await runCli(line.split(' '))).toBe(0);
    expect(stdout).toBe(`${packageVersion()}\n`);
  });

  it.each(commandLines())('shows the help of a command and does not run it: %s', async (line) => {
    expect(await runCli([...line.split(' '), '--help'])).toBe(0);
    expect(stdout).toMatch(new RegExp(`^kbuild-ts ${line}\\b`));
    expect(stdout).toMatch(/--help/);
    expect(stderr).toBe('');
  });

  it('runs a command and gives its exit status', async () => {
    expect(await runCli(['toolchain', 'list', '--json'])).toBe(0);
    const { toolchains } = JSON.parse(stdout) as { toolchains: { name: string }[] };
    expect(toolchains.map(({ name }) => name)).toContain('gcc-12');
  });

  it('prints a table for people', async () => {
    expect(await runCli(['toolchain', 'list'])).toBe(0);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^toolchain +compiler +image of +architectures$/);
    expect(rows).toContainEqual(expect.stringMatching(/^gcc-12 +gcc 12 +bookworm +arm64, x86_64$/));
  });

  it('takes several arguments where a command does', async () => {
    const paths = [fixtureModulePath('params-x86_64'), fixtureModulePath('consumer-arm64')];
    expect(await runCli(['inspect', ...paths, '--json'])).toBe(0);
    const { modules } = JSON.parse(stdout) as { modules: { path: string }[] };
    expect(modules.map(({ path }) => path)).toEqual(paths);
  });

  it('shows people what a module says of itself', async () => {
    expect(await runCli(['inspect', fixtureModulePath('params-x86_64')])).toBe(0);
    expect(stdout).toMatch(/^ {2}vermagic +6\.1\.0-56-amd64 SMP preempt mod_unload modversions $/m);
    expect(stdout).toMatch(/^ {2}machine +x86_64, 64-bit, little-endian$/m);
    expect(stdout).toMatch(/^ {2}signature +none$/m);
  });

  it('does nothing where there is nothing to clean', async () => {
    const output = temporaryDirectory({ 'mine.txt': '' });
    mkdirSync(join(output, 'empty'));
    expect(await runCli(['clean', '--out', output])).toBe(0);
    expect(stdout).toBe('nothing to remove\n');
    expect(readdirSync(output).sort()).toEqual(['empty', 'mine.txt']);
  });

  it('listens to signals while it runs, and no longer', async () => {
    const before = ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal));
    await runCli(['toolchain', 'list']);
    await runCli(['frobnicate']);
    expect(['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal))).toEqual(before);
  });
});
