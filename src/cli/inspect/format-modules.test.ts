import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModulePath, fixtureModules } from '../../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { inspectFile } from '../../workflow/inspect.js';
import { formatModules, type ModuleFormat } from './format-modules.js';

const good = fixtureModules.map(fixtureModulePath);

async function format(paths: string[], how: ModuleFormat) {
  const runs = [];
  for await (const run of formatModules(paths, how)) runs.push(run);
  return {
    runs: runs.length,
    texts: runs.flatMap(({ texts }) => texts),
    errors: runs.flatMap(({ errors }) => errors),
  };
}

describe('formatModules', () => {
  it('gives a text for each module, in order', async () => {
    const { texts, errors } = await format(good, { kind: 'json' });
    expect(errors).toEqual([]);
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(
      await Promise.all(good.map((path) => inspectFile(path))),
    );
  });

  it('gives the values of a field, a line each, and an empty text for none', async () => {
    const { texts } = await format(good, { kind: 'field', field: 'name' });
    expect(texts).toEqual(['consumer\n', 'exporter\n', 'params\n']);
    expect((await format(good, { kind: 'field', field: 'firmware' })).texts).toEqual(['', '', '']);
  });

  it('goes on after a file that cannot be read', async () => {
    const bad = join(temporaryDirectory({ 'bad.ko': 'text' }), 'bad.ko');
    const paths = [good[0]!, bad, `${bad}.gone`, good[1]!];
    const { texts, errors } = await format(paths, { kind: 'text', width: 80, all: true });
    expect(texts.map((text) => text.split('\n', 1)[0])).toEqual([
      'consumer-arm64.ko',
      'exporter-x86_64.ko',
    ]);
    expect(errors.map(({ code }) => code)).toEqual(['MODULE_NOT_ELF', 'MODULE_UNREADABLE']);
  });

  it('leaves symbols and sections out for people, unless all is asked for', async () => {
    const [whole = ''] = (await format([good[0]!], { kind: 'text', width: 80, all: true })).texts;
    const [part = ''] = (await format([good[0]!], { kind: 'text', width: 80, all: false })).texts;
    for (const label of ['exports', 'imports', 'sections']) {
      expect(whole).toMatch(new RegExp(`^ +${label} `, 'm'));
      expect(part).not.toMatch(new RegExp(`^ +${label} `, 'm'));
    }
    // What it shows of the module, it shows in the same words.
    for (const line of part.split('\n')) expect(whole.split('\n')).toContain(line);
  });

  it('hands many modules on in runs', async () => {
    const many = Array.from({ length: 130 }, () => good[0]!);
    const { runs, texts } = await format(many, { kind: 'field', field: 'name' });
    expect(runs).toBeGreaterThan(1);
    expect(texts).toHaveLength(130);
    expect(await format([], { kind: 'json' })).toEqual({ runs: 0, texts: [], errors: [] });
  });
});
