import { defineCommand } from '../command.js';
import { jsonOption } from '../options.js';
import { sharedDirectory, sharedDirectoryOption } from '../shared-directory.js';

export const cacheVerifyCommand = defineCommand({
  usage: 'verify',
  summary: 'Read every entry of the cache, and remove what is damaged',
  options: { ...sharedDirectoryOption, ...jsonOption },
  async run(argv) {
    const shared = sharedDirectory(argv['shared-cache']);
    const [{ verifyLocal, verifyShared }, { cacheDirectory }, { cacheSecret }] = await Promise.all([
      import('../../workflow/cache-verify.js'),
      import('../../storage/directories.js'),
      import('../../workflow/open-shared-cache.js'),
    ]);
    const report = await (shared === undefined
      ? verifyLocal(cacheDirectory())
      : verifyShared(shared, cacheSecret()));
    const { areas, damaged, outdated } = report;
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, ...report }, null, 2));
    else {
      const { withoutControls } = await import('../style.js');
      for (const { area, key, reason } of damaged) {
        console.log(`damaged ${area}/${key}: ${withoutControls(reason)}`);
      }
      const counts = areas.map(({ name, checked, entries }) =>
        checked === entries
          ? `${name}: ${entries} checked`
          : `${name}: ${entries}, of which ${checked} could be checked`,
      );
      console.log(counts.join('; '));
      if (outdated > 0) console.log(`${outdated} of another version of kbuild-ts`);
      console.log(damaged.length === 0 ? 'nothing is damaged' : `${damaged.length} removed`);
    }
    return damaged.length === 0 ? 0 : 3;
  },
});
