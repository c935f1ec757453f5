import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

const packaged = dirname(createRequire(import.meta.url).resolve('schemastore/package.json'));

const compiled = new Map<string, ValidateFunction>();

/**
 * What is wrong with a value by a schema of schemastore.org; empty for nothing.
 * @param name of the file in its folder
 */
export function schemaErrors(name: string, value: unknown): string[] {
  const validate = compiled.get(name) ?? compile(name);
  compiled.set(name, validate);
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message = '' }) => `${instancePath} ${message}`,
  );
}

function compile(name: string): ValidateFunction {
  const text = readFileSync(join(packaged, 'schemas/json', name), 'utf8');
  // OASIS' own pattern of a language (`]?$`) is none by Unicode's rules.
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  return ajv.compile(JSON.parse(text) as object);
}

/** The official schema of SARIF 2.1.0 (OASIS). */
export const sarifSchema = 'sarif-2.1.0.json';

/** GitLab's own schema of .gitlab-ci.yml. */
export const gitlabSchema =
  'gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json';
