import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import type { ImageRecipe, ImageStore } from '../runtime/port.js';
import { derivedImage } from './derived-image.js';

const base = { id: 'sha256:base', name: 'debian:bookworm-slim' };
const setup = 'apt-get update\n# a comment\napt-get install -y dnf "rpm" \\\n  $EXTRA\n';

/** An engine that has these images, and a registry that has those. */
function store(has: string[] = [], registry: string[] = []) {
  const names = new Set(has);
  const built: ImageRecipe[] = [];
  const pulled: string[] = [];
  const images: ImageStore = {
    find: (name) => Promise.resolve(names.has(name) ? { id: `id of ${name}` } : undefined),
    pull: (name, onLine) => {
      pulled.push(name);
      onLine('unauthorized: authentication required');
      return Promise.resolve(registry.includes(name) ? { id: `id of ${name}` } : undefined);
    },
    build: (recipe) => {
      built.push(recipe);
      names.add(recipe.name);
      return Promise.resolve({ id: `id of ${recipe.name}` });
    },
    importArchive: () => Promise.reject(new Error('nothing is imported')),
    removeOurs: () => Promise.resolve([]),
  };
  return { images, built, pulled };
}

const lines: string[] = [];
const onLine = (line: string) => lines.push(line);

describe('derivedImage', () => {
  it('is the base itself where nothing is to be added', async () => {
    const { images, built } = store();
    expect(await derivedImage({ name: 'acme:9', base }, images, onLine)).toEqual(base);
    expect(built).toEqual([]);
  });

  it('is the image that is named, as the engine has it, else as a registry gives it', async () => {
    const [engine, registry] = [store(['acme/9:1']), store([], ['acme/9:1'])];
    for (const { images } of [engine, registry]) {
      const image = await derivedImage({ name: 'acme:9', image: 'acme/9:1' }, images, onLine);
      expect(image.id).toBe('id of acme/9:1');
    }
    expect([engine.pulled, registry.pulled]).toEqual([[], ['acme/9:1']]);
  });

  it('is built once, and found by its name after that', async () => {
    const { images, built } = store();
    const wanted = { name: 'Acme Linux:9.1', base, setup };
    const [first, second] = [
      await derivedImage(wanted, images, onLine),
      await derivedImage(wanted, images, onLine),
    ];
    expect(second).toEqual(first);
    expect(built).toHaveLength(1);
    expect(built[0]?.name).toMatch(/^kbuild-ts\/acme-linux-9-1:[0-9a-f]{12}$/);
    expect(built[0]?.args.BASE).toBe(base.name);
  });

  it('has another name for other commands, or of another image', async () => {
    const { images, built } = store(['x']);
    await derivedImage({ name: 'a:1', base, setup }, images, onLine);
    await derivedImage({ name: 'a:1', base, setup: `${setup}true` }, images, onLine);
    await derivedImage({ name: 'a:1', image: 'x', setup }, images, onLine);
    expect(new Set(built.map(({ name }) => name)).size).toBe(3);
    expect(new Set(built.map(({ key }) => key)).size).toBe(3);
  });

  it('runs the commands as they are written, and stops at the first that fails', async () => {
    const { images, built } = store();
    const script = 'echo "a  b"\n# no command\necho $((1 + 1)) \\\n  c\nfalse\necho never\n';
    await derivedImage({ name: 'a:1', base, setup: script }, images, onLine);
    const [, run = '', ...rest] = built[0]?.dockerfile.trim().split('\nRUN ') ?? [];
    expect([run.includes('\n'), rest]).toEqual([false, []]);
    const [program = '', ...args] = JSON.parse(run) as string[];
    expect(() => execFileSync(program, args, { stdio: 'pipe' })).toThrow(
      expect.objectContaining({ stdout: Buffer.from('a  b\n2 c\n') }),
    );
  });

  it('cannot be where no registry gives the image: it says which, and why', async () => {
    const { images } = store();
    const error = await kbuildErrorOf(() =>
      derivedImage({ name: 'acme:9', image: 'acme/9:1' }, images, onLine),
    );
    expect(error.code).toBe('IMAGE_BASE_UNAVAILABLE');
    expect(error.message).toMatch(/acme\/9:1.*unauthorized: authentication required/);
  });

  it('cannot be of nothing: it says whose description that is', async () => {
    const error = await kbuildErrorOf(() =>
      derivedImage({ name: 'acme:9', setup }, store().images, onLine),
    );
    expect(error.code).toBe('IMAGE_BASE_UNAVAILABLE');
    expect(error.message).toContain('acme:9');
  });
});
