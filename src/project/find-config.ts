import { existsSync } from 'node:fs';
import { join } from 'node:path';

const configNames = ['yaml', 'yml', 'json', 'ts', 'mjs'].map((end) => `kbuild.config.${end}`);

/** The files that may hold the configuration of a directory; the first that is there counts. */
export const configFiles = (directory: string): string[] =>
  configNames.map((name) => join(directory, name));

/** The configuration file of a directory, or undefined. */
export function findConfig(directory: string): string | undefined {
  return configFiles(directory).find((path) => existsSync(path));
}
