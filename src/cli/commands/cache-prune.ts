import { defineCommand } from '../command.js';
import { jsonOption } from '../options.js';
import { sharedDirectory, sharedDirectoryOption } from '../shared-directory.js';
import { formatSize, parseSize } from '../units.js';

export const cachePruneCommand = defineCommand({
  usage: 'prune',
  summary: 'Make room: remove what was used the longest ago, until the rest fits',
  options: {
    'max-size': {
      string: true,
      requiresArg: true,
      demandOption: true,
      describe: 'What may be left of built jobs and kept objects: 5g, 500m',
    },
    'dry-run': { boolean: true, default: false, describe: 'Tell what would go, remove nothing' },
    ...sharedDirectoryOption,
    ...jsonOption,
  },
  async run(argv) {
    const maxSize = parseSize(argv['max-size'], 'max-size');
    const dryRun = argv['dry-run'];
    const shared = sharedDirectory(argv['shared-cache']);
    const [{ pruneLocal, pruneShared }, { cacheDirectory }] = await Promise.all([
      import('../../workflow/cache-prune.js'),
      import('../../storage/directories.js'),
    ]);
    const report = await (shared === undefined
      ? pruneLocal(cacheDirectory(), maxSize, dryRun)
      : pruneShared(shared, maxSize, dryRun));
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, dryRun, maxSize, ...report }, null, 2));
      return 0;
    }
    const { removed, inUse, bytesBefore, bytesAfter } = report;
    const done = dryRun ? 'would go' : 'removed';
    console.log(
      `${removed.length === 1 ? '1 entry' : `${removed.length} entries`} ${done}: ${formatSize(bytesBefore - bytesAfter)}`,
    );
    if (inUse > 0) console.log(`${inUse} more stay: a kbuild-ts that is running may use them`);
    console.log(`${formatSize(bytesAfter)} ${dryRun ? 'would be left' : 'left'}`);
    return 0;
  },
});
