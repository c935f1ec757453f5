import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { archByName } from '../../arch/arch.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { Kdir } from '../kdir.js';
import { identifyKernelFile } from '../image/identify-kernel-file.js';
import type { BootSearch } from './boot-search.js';

/**
 * The image of a kernel that is installed on this machine, if the KDIR is that kernel's.
 * @param root where this machine's files are
 */
export function installedImage(kdir: Kdir, root = '/'): BootSearch | undefined {
  const modules = join(root, 'lib/modules', kdir.release);
  const build = real(join(modules, 'build'));
  if (build === undefined || !directoriesOf(kdir).some((path) => real(path) === build)) {
    return undefined;
  }
  const looked: string[] = [];
  for (const image of [join(root, `boot/vmlinuz-${kdir.release}`), join(modules, 'vmlinuz')]) {
    const why = unreadable(image);
    if (why === undefined) return { files: { image, modules } };
    looked.push(`${image} (${why})`);
  }
  return { looked };
}

/** The image that lies in a KDIR where the kernel's own build has left it, if it is that kernel's. */
export async function builtImage(kdir: Kdir): Promise<BootSearch> {
  const { images } = archByName(kdir.arch);
  const looked: string[] = [];
  const paths = directoriesOf(kdir).flatMap((path) => images.map((image) => join(path, image)));
  for (const image of new Set(paths)) {
    const why = unreadable(image) ?? (await misfit(image, kdir));
    if (why === undefined) return { files: { image } };
    looked.push(`${image} (${why})`);
  }
  return { looked };
}

/** Where the KDIR lies on this machine; its .config may lie in a layer over it. */
const directoriesOf = ({ path, configPath, mounts }: Kdir): string[] => [
  dirname(configPath),
  ...mounts.filter(({ target }) => target === path).map(({ source }) => source),
];

async function misfit(image: string, { release }: Kdir): Promise<string | undefined> {
  try {
    const found = await identifyKernelFile(image);
    return found.release === release ? undefined : `of ${found.release}`;
  } catch (error) {
    if (error instanceof KbuildError) return error.message;
    throw error;
  }
}

function unreadable(path: string): string | undefined {
  if (!existsSync(path)) return 'missing';
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch {
    return 'not readable by this user'; // as Ubuntu installs them
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
