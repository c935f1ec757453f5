import { join } from 'node:path';
import { copyFile, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/cli.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('the package that npm pack makes', () => {
  let home: string;
  let files: string[];

  beforeAll(async () => {
    home = temporaryDirectory();
    const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', home], {
      cwd: root,
    });
    const [pack] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
    files = pack!.files.map(({ path }) => path);
    await writeFile(join(home, 'package.json'), '{ "type": "module" }');
    await execa('npm', ['install', '--omit=dev', `./${pack!.filename}`], { cwd: home });
  });

  const run = (args: string[]) =>
    execa(join(home, 'node_modules/.bin/kbuild-ts'), args, { cwd: home, stdin: 'ignore' });

  it('holds what runs, and no tests', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/kbuild-ts.js',
        'lib/index.js',
        'lib/index.d.ts',
        'lib/module/index.js',
        'lib/bundle/main.js',
        'lib/bundle/define-config.js',
        'Dockerfile',
        'action.yml',
        'templates/ci/github.yml.eta',
        'templates/ci/gitlab.yml.eta',
        'templates/Kbuild.eta',
        'templates/vm/init',
        'toolchains/gcc-12.yaml',
        'toolchains/arch/arm64.yaml',
        'toolchains/guest/busybox.yaml',
        'toolchains/repository/debian-bookworm.yaml',
        'schemas/config.schema.json',
        'schemas/kernel.schema.json',
        'LICENSE',
        'README.md',
      ]),
    );
    expect(files.filter((path) => /\.test\.|(^|\/)test\/|node_modules/.test(path))).toEqual([]);
  });

  it('builds a module elsewhere, with a configuration in TypeScript', async () => {
    const project = temporaryDirectory({
      'blink.c': moduleSource(),
      'kbuild.config.ts': `import { defineConfig } from 'kbuild-ts';
export default defineConfig({ name: 'blink', modules: [{ name: 'blink', sources: ['blink.c'] }] });
`,
    });
    const { stdout } = await run(['build', project, '--arch', 'arm64']);
    expect(stdout).toMatch(/blink\.ko/);
  });

  it('runs from its bundle: no other file of its own is loaded', async () => {
    const { stderr } = await execa(
      join(home, 'node_modules/.bin/kbuild-ts'),
      ['toolchain', 'list'],
      {
        cwd: home,
        env: { NODE_DEBUG: 'esm' },
      },
    );
    const loaded = new Set(stderr.match(/node_modules\/kbuild-ts\/(bin|lib)\/[\w./-]+\.js/g));
    const inBundle = [...loaded].filter((path) => path.includes('/lib/bundle/'));
    expect(inBundle.length).toBeGreaterThan(1);
    expect([...loaded].filter((path) => !inBundle.includes(path))).toEqual([
      'node_modules/kbuild-ts/bin/kbuild-ts.js',
    ]);
  });

  it('can be used as a library', async () => {
    const script = `import { readModule, toolchainByName } from 'kbuild-ts';
console.log(typeof readModule, toolchainByName('gcc-12').major);`;
    const { stdout } = await execa('node', ['--input-type=module', '-e', script], { cwd: home });
    expect(stdout).toBe('function 12');
  });
});

describe('bin/kbuild-ts.js', () => {
  const main = `export const runCli = (args) => Promise.resolve(args.length);\n`;
  const bundled = temporaryDirectory({
    'package.json': '{ "type": "module" }',
    'lib/bundle/main.js': main,
  });
  const run = () => execa('node', [join(bundled, 'bin/kbuild-ts.js'), 'x'], { reject: false });
  beforeAll(async () => {
    await mkdir(join(bundled, 'bin'));
    await copyFile(join(root, 'bin/kbuild-ts.js'), join(bundled, 'bin/kbuild-ts.js'));
  });

  it('runs a bundle that is as new as what was compiled', async () => {
    expect((await run()).exitCode).toBe(1);
    await writeFile(join(bundled, 'lib/.tsbuildinfo'), '');
    const past = new Date(Date.now() - 60_000);
    await utimes(join(bundled, 'lib/.tsbuildinfo'), past, past);
    expect((await run()).exitCode).toBe(1);
  });

  it('refuses one that is older, and a missing one, and says what to run', async () => {
    await utimes(join(bundled, 'lib/.tsbuildinfo'), new Date(), new Date());
    await utimes(join(bundled, 'lib/bundle/main.js'), 0, 0);
    const stale = await run();
    expect(stale).toMatchObject({ exitCode: 2 });
    expect(stale.stderr).toContain("compiled, but not bundled: run 'npm run build'");
    await rm(join(bundled, 'lib/bundle/main.js'));
    const missing = await run();
    expect(missing).toMatchObject({ exitCode: 2 });
    expect(missing.stderr).toContain("not compiled yet: run 'npm ci && npm run build'");
  });
});
