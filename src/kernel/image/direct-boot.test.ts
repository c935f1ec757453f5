import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { parseKernelConfig } from '../config.js';
import { directBootImage, entersDirectly } from './direct-boot.js';

/** A bzImage as far as its header goes (Documentation/arch/x86/boot.rst): its payload is `kernel`, in gzip. */
function bzImage(kernel: Buffer): Buffer {
  const payload = gzipSync(kernel);
  const setup = Buffer.alloc(1024);
  setup.writeUInt8(1, 0x1f1); // setup_sects
  setup.writeUInt16LE(0xaa55, 0x1fe);
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(0x020f, 0x206);
  setup.writeUInt32LE(0, 0x248); // payload_offset
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, payload]);
}

const note = Buffer.from([4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0, ...Buffer.from('Xen\0')]);
const kernel = (...parts: Buffer[]) =>
  Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(4096), ...parts]);

describe('directBootImage', () => {
  it('unpacks a kernel that can be entered directly, once', async () => {
    const directory = temporaryDirectory();
    const image = join(directory, 'vmlinuz');
    writeFileSync(image, bzImage(kernel(note)));
    const direct = await directBootImage(image, directory);
    expect(readFileSync(direct)).toEqual(kernel(note));
    writeFileSync(direct, 'kept'); // a second time nothing is unpacked
    expect(await directBootImage(image, directory)).toBe(direct);
    expect(readFileSync(direct, 'utf8')).toBe('kept');
  });

  it('gives an image as it is that cannot be entered so, or is not compressed', async () => {
    const directory = temporaryDirectory();
    const [packed, plain] = [join(directory, 'vmlinuz'), join(directory, 'Image')];
    writeFileSync(packed, bzImage(kernel()));
    writeFileSync(plain, kernel(note));
    expect(await directBootImage(packed, directory)).toBe(packed);
    expect(await directBootImage(plain, directory)).toBe(plain);
    expect(await directBootImage(plain, directory)).toBe(plain);
    expect(existsSync(join(directory, 'boot'))).toBe(true);
  });
});

describe('entersDirectly', () => {
  it('is false of a kernel whose entry is instrumented by KASAN', () => {
    expect(entersDirectly(parseKernelConfig('CONFIG_PVH=y\nCONFIG_KASAN=y\n'))).toBe(false);
    expect(entersDirectly(parseKernelConfig('CONFIG_PVH=y\n# CONFIG_KASAN is not set\n'))).toBe(
      true,
    );
  });
});
