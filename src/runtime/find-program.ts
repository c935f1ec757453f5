import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program lies in PATH (or in the system directories, which a user's PATH may lack). */
export function findProgram(name: string, environment = process.env): string | undefined {
  const directories = [...(environment.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories
    .filter((directory) => directory !== '') // POSIX: the working directory, which nobody meant
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    });
}
