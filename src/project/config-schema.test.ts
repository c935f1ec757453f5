import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../data/package-root.js';
import { configSchema } from './config-schema.js';
import { configJsonSchema } from './load-config.js';

/** Ajv reads the JSON schema as an editor does. */
const validate = new Ajv2020({ strict: false }).compile(configJsonSchema());

const examples = readdirSync(join(packageRoot, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('kbuild.config.yaml'))
  .map((path) => join('examples', path));

describe('the JSON schema of configurations', () => {
  it.each(examples)('accepts %s, as we do', (path) => {
    const value: unknown = parse(readFileSync(join(packageRoot, path), 'utf8'));
    expect(configSchema.safeParse(value).error).toBeUndefined();
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
  });

  it('is tried on examples', () => {
    expect(examples.length).toBeGreaterThan(2);
  });

  it.each([
    [{ name: 'x' }, true],
    [{ projects: ['a'] }, true],
    [{ name: 'x', modules: [{ name: 'a_b-c', sources: ['a.c'] }] }, true],
    [{ name: 'x', make: { KCFLAGS: '-g', _x1: '' } }, true],
    [{}, false],
    [{ name: 'x', projects: ['a'] }, false],
    [{ projects: [] }, false],
    [{ name: 'x', modules: [{ name: '-a' }] }, false],
    [{ name: 'x', modules: [{ name: 'a', extra: 1 }] }, false],
    [{ name: 'x', signing: { key: 'k', cert: 'c', hash: 'md5' } }, false],
    [{ name: 'x', make: { '1A': '' } }, false],
    [{ name: '.x' }, false],
  ])('agrees with us on %j', (value, valid) => {
    expect(configSchema.safeParse(value).success).toBe(valid);
    expect(validate(value)).toBe(valid);
  });
});
