import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepsReport } from '../../src/workflow/deps.js';
import { examples, kbuild, kbuildJson } from '../support/cli.js';
import { debianImage, type DebianImage } from '../support/debian-image.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** What depmod writes of modules, beside what the kernel's build left (modules.order, …). */
const depmodFiles = [
  ...['modules.dep', 'modules.alias', 'modules.symbols', 'modules.softdep', 'modules.devname'],
  ...['modules.dep.bin', 'modules.alias.bin', 'modules.symbols.bin'],
  ...['modules.builtin.bin', 'modules.builtin.alias.bin'],
];

describe.each(['arm64', 'x86_64'])('deps on every module of Debian’s kernel for %s', (arch) => {
  let image: DebianImage;
  let root: string;
  let tree: string;

  beforeAll(async () => {
    image = await debianImage('bookworm', arch);
    root = temporaryDirectory();
    tree = join(root, 'lib/modules', image.release);
    mkdirSync(tree, { recursive: true });
    cpSync(image.modules, tree, { recursive: true });
    execFileSync('depmod', ['-b', root, image.release]);
  });

  it('writes the files that depmod writes, byte for byte', async () => {
    const out = join(temporaryDirectory(), 'files');
    expect(await kbuild(['deps', tree, '--out', out])).toMatchObject({ exitCode: 0, stderr: '' });
    for (const name of depmodFiles) {
      expect(readFileSync(join(out, name)).equals(readFileSync(join(tree, name))), name).toBe(true);
    }
    expect(readdirSync(out).sort()).toEqual([...depmodFiles, 'modules.weakdep'].sort());
    const { stdout } = await kbuild(['deps', root, '--modules-dep']);
    expect(`${stdout}\n`).toBe(readFileSync(join(tree, 'modules.dep'), 'utf8'));
  });

  it('finds all symbols in the kernel, and tells what depmod tells of a missing module', async () => {
    const whole = await kbuildJson<DepsReport>(['deps', image.modules, '--kernel', image.ref]);
    expect(whole.exitCode).toBe(0);
    expect(whole.document).toMatchObject({ missing: [], cycles: [], duplicates: [] });
    expect(whole.document.loadOrder).toHaveLength(whole.document.modules.length);
    rmSync(join(tree, 'kernel/net/rfkill'), { recursive: true });
    const { exitCode, document } = await kbuildJson<DepsReport>([
      ...['deps', tree, '--kernel', image.ref],
    ]);
    expect(exitCode).toBe(3);
    expect(document.modules).toHaveLength(whole.document.modules.length - 1);
    expect(document.missing.length).toBeGreaterThan(10);
    const providers = new Set(document.missing.map(({ provider }) => provider));
    expect(providers).toEqual(new Set(['net/rfkill/rfkill']));
  });
});

describe('deps', () => {
  it('puts exporter before consumer, and draws them', async () => {
    const out = join(temporaryDirectory(), 'dist');
    const built = await kbuild(['build', examples, '--arch', 'x86_64', '--out', out]);
    expect(built.exitCode, built.stderr).toBe(0);
    const { stdout } = await kbuild(['deps', out]);
    expect(stdout).toMatch(/^exporter$[^]*^consumer needs exporter$/m);
    const dot = await kbuild(['deps', out, '--dot']);
    expect(dot.stdout).toContain('"consumer" -> "exporter"');
    const drawn = execFileSync('dot', ['-Tplain'], { input: dot.stdout, encoding: 'utf8' });
    expect(drawn).toMatch(/^edge consumer exporter /m);
    const svg = await kbuild(['deps', out, '--svg']);
    expect(svg.stdout).toMatch(/<svg [^]*<title>consumer&#45;&gt;exporter<\/title>/);
  });
});
