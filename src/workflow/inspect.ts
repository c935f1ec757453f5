import { inFile, ModuleFiles, type ModuleFile } from '../artifact/module-file.js';
import {
  reportModule,
  summariseModule,
  type ModuleReport,
  type SummaryReport,
} from '../artifact/module-report.js';

/**
 * Reads all that a module's file says.
 * @param files whose memory is used; give one for many files
 * @throws KbuildError MODULE_*, each naming the file
 */
export function inspectFile(path: string, files?: ModuleFiles): Promise<ModuleReport> {
  return inspectWith(reportModule, path, files);
}

/**
 * Reads what a module's file says, but for its symbols and sections: several times as fast.
 * @throws KbuildError MODULE_*, each naming the file
 */
export function summariseFile(path: string, files?: ModuleFiles): Promise<SummaryReport> {
  return inspectWith(summariseModule, path, files);
}

async function inspectWith<T>(
  read: (file: ModuleFile) => Promise<T>,
  path: string,
  files = new ModuleFiles(),
): Promise<T> {
  try {
    return await read(await files.open(path));
  } catch (error) {
    throw inFile(path, error);
  } finally {
    files.close();
  }
}
