import { allArchs, type Arch } from '../arch/arch.js';
import { findProgram } from '../runtime/find-program.js';
import type { Image } from '../runtime/port.js';

/** Where the QEMU is that emulates an arch's machine. */
export type QemuProgram =
  | { kind: 'host'; /** Absolute path. */ program: string }
  | { kind: 'image'; image: Image; /** Its name in the image's PATH. */ program: string };

/** Makes an image of a suite's base image by commands, once (`Session.suiteImage`). */
export type SuiteImage = (suite: string, name: string, setup: string) => Promise<Image>;

/** The suite whose QEMU is taken where this machine has none. */
const suite = 'bookworm';

/**
 * The QEMU for an arch: this machine's if it is there, else that of an image with the QEMUs of all
 * archs, so that one image serves every run.
 * @throws KbuildError ENGINE_*, IMAGE_*
 */
export async function findQemu(
  { qemu: { binary } }: Arch,
  suiteImage: SuiteImage,
  environment = process.env,
): Promise<QemuProgram> {
  const program = findProgram(binary, environment);
  if (program !== undefined) return { kind: 'host', program };
  const image = await suiteImage(suite, 'qemu', qemuSetup());
  return { kind: 'image', image, program: binary };
}

/** Puts the QEMUs of all archs into an image. */
export function qemuSetup(): string {
  const packages = [...new Set(allArchs().map(({ qemu }) => qemu.package))].sort();
  return [
    'apt-get update',
    `apt-get install -y --no-install-recommends ${packages.join(' ')}`,
    'rm -rf /var/lib/apt/lists/*',
  ].join(' && ');
}
