import { describe, expect, it } from 'vitest';
import { fixtureModule, fixtureModules } from '../support/fixture-module.js';
import { fuzz } from '../support/fuzz/run.js';
import { fuzzTargets } from '../support/fuzz/targets.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const targets = await fuzzTargets(fixtureModules.map(fixtureModule), temporaryDirectory());

/** In all, at least 5,000 mutations; `npm run fuzz` does as many as you like, of any modules. */
const runs = Math.ceil(6000 / targets.length);

/** What reading one file may leave behind, in all the runs together. Bytes. */
const memoryLimit = 400 * 2 ** 20;

describe.each(targets)('a damaged or hostile input of $name', (target) => {
  it(`is refused with a typed error, or read, ${runs} times`, async () => {
    expect(await fuzz(target, runs)).toEqual([]);
    expect(process.memoryUsage().rss).toBeLessThan(memoryLimit);
  });
});
