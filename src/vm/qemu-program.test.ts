import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { allArchs } from '../arch/arch.js';
import { findQemu, qemuSetup } from './qemu-program.js';

describe.each(allArchs())('findQemu for $name', (arch) => {
  const { binary } = arch.qemu;

  it('takes this machine’s', async () => {
    const PATH = temporaryDirectory({ [binary]: { program: '#!/bin/sh\n' } });
    const never = () => Promise.reject(new Error('no image is needed'));
    const found = await findQemu(arch, never, { PATH });
    expect(found).toEqual({ kind: 'host', program: join(PATH, binary) });
  });

  it('else takes that of an image, one for all archs', async () => {
    const asked: string[][] = [];
    const image = { id: 'sha256:1' };
    const make = (...words: string[]) => {
      asked.push(words);
      return Promise.resolve(image);
    };
    const found = await findQemu(arch, make, { PATH: temporaryDirectory() });
    expect(found).toEqual({ kind: 'image', image, program: binary });
    expect(asked).toEqual([['bookworm', 'qemu', qemuSetup()]]);
    expect(qemuSetup()).toContain(` ${arch.qemu.package}`);
  });
});
