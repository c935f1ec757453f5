import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { KbuildError } from '../errors/kbuild-error.js';
import { configProblem, parseConfigText, type ConfigSource } from '../data/config-problem.js';
import { expectSchema, testCaseSchema, testSchema } from './test-schema.js';
import {
  configSchema,
  moduleSchema,
  projectConfigSchema,
  signingSchema,
  workspaceConfigSchema,
  type Config,
} from './config-schema.js';

/**
 * Reads and validates a configuration file. `.ts` and `.mjs` are programs of the user's own
 * and run here; `.yaml` and `.json` are data.
 * @throws KbuildError CONFIG_SYNTAX, CONFIG_INVALID
 */
export async function loadConfig(file: string): Promise<Config> {
  const { value, ...source } = /\.(ya?ml|json)$/.test(file)
    ? parseConfigText(file, readFileSync(file, 'utf8'))
    : await valueOf(file);
  return validateConfig(value, source);
}

async function valueOf(file: string): Promise<ConfigSource & { value: unknown }> {
  try {
    const { runConfig } = await import('./run-config.js');
    return { file, value: await runConfig(file) };
  } catch (cause) {
    throw new KbuildError(
      'CONFIG_SYNTAX',
      `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'The file must run, and export the configuration as its default: export default defineConfig({ … }).',
      { cause },
    );
  }
}

/** @throws KbuildError CONFIG_INVALID for the first problem, with its place */
export function validateConfig(value: unknown, source: ConfigSource): Config {
  const isWorkspace = typeof value === 'object' && value !== null && 'projects' in value;
  const schema = isWorkspace ? workspaceConfigSchema : projectConfigSchema;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw configProblem(result.error, source, (path) => {
    if (path[0] === 'modules') return Object.keys(moduleSchema.shape);
    if (path[0] === 'test') {
      if (path.includes('expect')) return Object.keys(expectSchema.shape);
      return Object.keys((path.includes('cases') ? testCaseSchema : testSchema).shape);
    }
    if (path[0] === 'signing') return Object.keys(signingSchema.shape);
    return Object.keys(schema.shape).filter((key) => key !== '$schema');
  });
}

/** The JSON schema of the configuration, as `schemas/config.schema.json` holds it. */
export function configJsonSchema(): object {
  return {
    title: 'kbuild.config',
    ...z.toJSONSchema(configSchema, { io: 'input' }),
  };
}
