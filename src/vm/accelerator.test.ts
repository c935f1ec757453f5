import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { allArchs, hostArch } from '../arch/arch.js';
import { KvmKnowledge } from './accelerator.js';

describe('KvmKnowledge', () => {
  const qemu = process.execPath; // any file

  it('remembers that KVM does not work, for the next process', async () => {
    const cache = temporaryDirectory();
    await new KvmKnowledge(cache, qemu).learn(false);
    expect(new KvmKnowledge(cache, qemu).accelerator(hostArch(), 'auto')).toBe('tcg');
  });

  it('knows nothing of another QEMU, nor of a machine that was started again', async () => {
    const cache = temporaryDirectory();
    const first = new KvmKnowledge(temporaryDirectory(), qemu).accelerator(hostArch(), 'auto');
    await new KvmKnowledge(cache, qemu).learn(false);
    expect(new KvmKnowledge(cache, '/another').accelerator(hostArch(), 'auto')).toBe(first);
    writeFileSync(join(cache, 'kvm.json'), '{"key":"before","works":false}');
    expect(new KvmKnowledge(cache, qemu).accelerator(hostArch(), 'auto')).toBe(first);
    writeFileSync(join(cache, 'kvm.json'), 'no JSON');
    expect(new KvmKnowledge(cache, qemu).accelerator(hostArch(), 'auto')).toBe(first);
  });

  it('takes what is asked for, and never KVM for another machine’s instructions', () => {
    const kvm = new KvmKnowledge(temporaryDirectory(), qemu);
    expect(kvm.accelerator(hostArch(), 'kvm')).toBe('kvm');
    expect(kvm.accelerator(hostArch(), 'tcg')).toBe('tcg');
    const other = allArchs().find(({ name }) => name !== hostArch().name)!;
    expect(kvm.accelerator(other, 'auto')).toBe('tcg');
  });
});
