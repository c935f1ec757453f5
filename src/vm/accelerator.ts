import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hostArch, type Arch } from '../arch/arch.js';
import { writeFileAtomic } from '../storage/atomic.js';
import type { Accelerator } from './qemu-arguments.js';

/** What `--accel` takes. `auto`: KVM where it works, else TCG. */
export type AcceleratorChoice = Accelerator | 'auto';

/** How long a guest under KVM may take to its first word before it is taken for one that never comes. Milliseconds. */
export const kvmBootTimeout = 5_000;

const device = '/dev/kvm';

/**
 * Whether guests of this machine can use KVM. A device that is there proves nothing: on a nested machine
 * a guest may run at full speed and never come to its first word. So a guest is what tells, once for each
 * boot of this machine and each QEMU.
 */
export class KvmKnowledge {
  readonly #file: string;
  readonly #key: string;
  #works: boolean | undefined;

  /** @param qemu path of QEMU's program */
  constructor(cache: string, qemu: string) {
    this.#file = join(cache, 'kvm.json');
    this.#key = `${bootId()} ${qemu} ${statSync(qemu, { throwIfNoEntry: false })?.mtimeMs ?? ''}`;
    this.#works = this.#remembered();
  }

  /** What a guest is to be tried with first. */
  accelerator(arch: Arch, choice: AcceleratorChoice): Accelerator {
    if (choice !== 'auto') return choice;
    const may = arch.name === hostArch().name && this.#works !== false && isUsable(device);
    return may ? 'kvm' : 'tcg';
  }

  /** A guest has come up with KVM; or one that did not, has with TCG. */
  async learn(works: boolean): Promise<void> {
    if (this.#works === works) return;
    this.#works = works;
    // Who cannot remember it finds it out again.
    await writeFileAtomic(this.#file, JSON.stringify({ key: this.#key, works })).catch(
      () => undefined,
    );
  }

  #remembered(): boolean | undefined {
    try {
      const known = JSON.parse(readFileSync(this.#file, 'utf8')) as {
        key?: string;
        works?: boolean;
      };
      return known.key === this.#key && typeof known.works === 'boolean' ? known.works : undefined;
    } catch {
      return undefined;
    }
  }
}

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
