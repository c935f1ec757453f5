/** Writes the JSON schemas that are committed, from the zod schemas that the code uses. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifestJsonSchema } from '../src/artifact/manifest-schema.js';
import { rebuildJsonSchema } from '../src/artifact/rebuild/report-schema.js';
import { releaseJsonSchema } from '../src/artifact/release-schema.js';
import { packageRoot } from '../src/data/package-root.js';
import { descriptionJsonSchema } from '../src/kernel/providers/source/description-schema.js';
import { configJsonSchema } from '../src/project/load-config.js';

for (const [name, schema] of Object.entries({
  config: configJsonSchema(),
  kernel: descriptionJsonSchema(),
  manifest: manifestJsonSchema(),
  release: releaseJsonSchema(),
  rebuild: rebuildJsonSchema(),
})) {
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  writeFileSync(join(packageRoot, 'schemas', `${name}.schema.json`), text);
}
