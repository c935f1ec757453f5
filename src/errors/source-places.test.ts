import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { withSourcePlaces } from './source-places.js';

describe('withSourcePlaces', () => {
  it('names the line of the source for each line of the bundle, as Node itself does', async () => {
    const root = temporaryDirectory({
      'src/main.ts': `import { fail } from './fail.js';\n\n\nfail(1);\n`,
      'src/fail.ts': `/** Fails. */\nexport function fail(n: number): never {\n  throw new Error(String(n));\n}\n`,
    });
    const bundle = await rolldown({ input: join(root, 'src/main.ts'), platform: 'node' });
    const dir = join(root, 'lib/bundle');
    await bundle.write({ dir, format: 'esm', sourcemap: true, sourcemapExcludeSources: true });
    await bundle.close();
    const main = pathToFileURL(join(dir, 'main.js')).href;
    const stackOf = (...options: string[]) => {
      const script = `import('${main}').catch((error) => console.log(error.stack));`;
      return execFileSync(process.execPath, [...options, '-e', script], { encoding: 'utf8' });
    };

    const places = (stack: string) => Array.from(stack.matchAll(/src\/\w+\.ts:\d+/g), String);
    const translated = withSourcePlaces(stackOf());
    expect(places(translated)).toEqual(['src/fail.ts:3', 'src/main.ts:4']);
    expect(places(translated)).toEqual(places(stackOf('--enable-source-maps')));
    expect(translated).toContain(join(root, 'src/fail.ts:3:'));
  });

  it('leaves a place as it is where there is no map', () => {
    const stack =
      'Error: x\n    at f (file:///nowhere/lib/bundle/run-1.js:3:4)\n    at g (x.js:1:2)';
    expect(withSourcePlaces(stack)).toBe(stack);
  });
});
