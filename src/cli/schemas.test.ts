import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifestJsonSchema } from '../artifact/manifest-schema.js';
import { rebuildJsonSchema } from '../artifact/rebuild/report-schema.js';
import { releaseJsonSchema } from '../artifact/release-schema.js';
import { packageRoot } from '../data/package-root.js';
import { descriptionJsonSchema } from '../kernel/providers/source/description-schema.js';
import { configJsonSchema } from '../project/load-config.js';

describe('the committed JSON schemas', () => {
  const committed = (name: string): unknown =>
    JSON.parse(readFileSync(join(packageRoot, 'schemas', `${name}.schema.json`), 'utf8'));

  it('are those of the code (npm run schemas writes them)', () => {
    expect(committed('config')).toEqual(configJsonSchema());
    expect(committed('kernel')).toEqual(descriptionJsonSchema());
    expect(committed('manifest')).toEqual(manifestJsonSchema());
    expect(committed('release')).toEqual(releaseJsonSchema());
    expect(committed('rebuild')).toEqual(rebuildJsonSchema());
  });
});
