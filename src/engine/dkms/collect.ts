import { basename } from 'node:path';
import type { BuiltFile } from '../../artifact/collect.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { readModule } from '../../module/read-module.js';
import { builtModules, readDkmsRecord, strange, type DkmsRecord } from './record.js';

/** What a DKMS job gave. */
export interface DkmsOutput {
  /** Undefined if the driver was ended before it wrote any. */
  record?: DkmsRecord;
  /** By the names that they are installed as; `name` is what the module calls itself. */
  modules: { path: string; name: string; bytes: Buffer }[];
  /** Names of modules that the record promises, and that are not there. */
  missing: string[];
  /** Modules that came out, and that dkms.conf does not name. */
  others: BuiltFile[];
  /** The text of all Module.symvers. */
  symvers: string;
}

/**
 * Sorts what is in the archive of the driver (templates/dkms/driver.bash).
 * @throws KbuildError VERIFY_FAILED for a record that the driver cannot have written
 */
export function collectDkms(files: readonly BuiltFile[]): DkmsOutput {
  const byPath = new Map<string, BuiltFile>();
  for (const file of files) {
    if (byPath.has(file.path)) throw strange(`${file.path} twice`);
    byPath.set(file.path, file);
  }
  const bytes = byPath.get('record')?.bytes;
  const record = bytes && readDkmsRecord(bytes);
  const wanted = record === undefined ? [] : builtModules(record);
  const modules: DkmsOutput['modules'] = [];
  const missing: string[] = [];
  for (const { dest, built } of wanted) {
    const file = byPath.get(`module/${dest}.ko`);
    if (file === undefined) missing.push(dest);
    else
      modules.push({ path: `${dest}.ko`, name: ownName(file.bytes) ?? built, bytes: file.bytes });
  }
  const inBuild = files
    .filter(({ path }) => path.startsWith('build/'))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const symvers = inBuild
    .filter(({ path }) => basename(path) === 'Module.symvers')
    .map((file) => file.bytes.toString('utf8'))
    .join('');
  const others = inBuild.filter(({ path }) => path.endsWith('.ko'));
  return { ...(record && { record }), modules, missing, others, symvers };
}

/** What a module calls itself: a source may rename its files. */
function ownName(bytes: Uint8Array): string | undefined {
  try {
    return readModule(bytes).modinfo.name?.[0];
  } catch (error) {
    // It is refused where it is verified, with the reason.
    if (error instanceof KbuildError) return undefined;
    throw error;
  }
}
