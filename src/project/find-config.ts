import { existsSync } from 'node:fs';
import { join } from 'node:path';

const configNames = ['yaml', 'yml', 'json', 'ts', 'mjs'].map((end) => `kbuild.config.${end}`);

/** The configuration file of a directory, or undefined. */
export function findConfig(directory: string): string | undefined {
  return configNames.map((name) => join(directory, name)).find((path) => existsSync(path));
}
