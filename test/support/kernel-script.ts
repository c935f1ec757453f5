import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { makeOnce, named, sourceTarball, version } from './source-kernel-described.js';

/** A script of the kernel's own source, by its path in it; unpacked once. */
export async function kernelScript(path: string): Promise<string> {
  const directory = named(`script-${version}`, [path]);
  await makeOnce(directory, async (temporary) => {
    const args = ['-xJOf', await sourceTarball(), `linux-source-${version}/${path}`];
    const { stdout } = await promisify(execFile)('tar', args, { encoding: 'buffer' });
    await writeFile(join(temporary, basename(path)), stdout);
  });
  return join(directory, basename(path));
}
