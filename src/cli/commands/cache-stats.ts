import { defineCommand } from '../command.js';
import { jsonOption } from '../options.js';
import { sharedDirectory, sharedDirectoryOption } from '../shared-directory.js';
import { formatSize } from '../units.js';

export const cacheStatsCommand = defineCommand({
  usage: 'stats',
  summary: 'What lies in the cache, and when it was last used',
  options: { ...sharedDirectoryOption, ...jsonOption },
  async run(argv) {
    const shared = sharedDirectory(argv['shared-cache']);
    const [{ localStats, sharedStats }, { cacheDirectory }] = await Promise.all([
      import('../../workflow/cache-stats.js'),
      import('../../storage/directories.js'),
    ]);
    const stats = await (shared === undefined ? localStats(cacheDirectory()) : sharedStats(shared));
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, ...stats }, null, 2));
      return 0;
    }
    const [{ formatTable }, { styleFor }] = await Promise.all([
      import('../table.js'),
      import('../style.js'),
    ]);
    const rows = stats.areas.map(({ name, entries, bytes, oldest, newest }) => [
      { text: name },
      { text: entries === undefined ? '-' : String(entries), align: 'right' as const },
      { text: formatSize(bytes), align: 'right' as const },
      { text: dayOf(oldest) },
      { text: dayOf(newest) },
    ]);
    const header = ['what', 'entries', 'size', 'oldest use', 'newest use'];
    console.log(formatTable(header, rows, styleFor(process.stdout)));
    console.log(`\n${formatSize(stats.bytes)} in ${stats.directory}`);
    return 0;
  },
});

const dayOf = (time: string | undefined): string => time?.slice(0, 10) ?? '-';
