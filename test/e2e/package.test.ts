import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
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
        'Dockerfile',
        'templates/Kbuild.eta',
        'toolchains/gcc-12.yaml',
        'toolchains/arch/arm64.yaml',
        'toolchains/repository/debian-bookworm.yaml',
        'schemas/config.schema.json',
        'schemas/kernel.schema.json',
        'LICENSE',
        'README.md',
      ]),
    );
    expect(files.filter((path) => /test|node_modules/.test(path))).toEqual([]);
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

  it('can be used as a library', async () => {
    const script = `import { readModule, toolchainByName } from 'kbuild-ts';
console.log(typeof readModule, toolchainByName('gcc-12').major);`;
    const { stdout } = await execa('node', ['--input-type=module', '-e', script], { cwd: home });
    expect(stdout).toBe('function 12');
  });
});
