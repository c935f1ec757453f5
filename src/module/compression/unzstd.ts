import { ZSTDDecoder } from 'zstddec';
import { damaged, joined, tooLarge, unsupported } from './failure.js';
import { readZstdFrames, zstdWindowLimit, type ZstdFrame } from './zstd-frames.js';

/** The low four bytes of XXH64 of nothing, as they stand at the end of an empty frame. */
const checksumOfNothing = Buffer.from('99e9d851', 'hex');

/**
 * Decompresses zstd (RFC 8878), frame by frame.
 *
 * The decoder is zstddec: libzstd itself in WebAssembly, 60 kB, without a native part. It verifies
 * the content checksum. (fzstd does not, and reads beyond damaged tables; @hpcc-js/wasm-zstd is some
 * 40 times slower; Node has zstd from 22.15 on.) Two things it leaves to us: how large the output can
 * get is read from the block headers before memory is asked for; and it answers any failure with an
 * empty array, so only frames that have content are given to it.
 * @throws KbuildError MODULE_COMPRESSION, MODULE_TOO_LARGE
 */
export async function unzstd(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const frames = readZstdFrames(bytes);
  const declared = frames.reduce((sum, { contentSize = 0 }) => sum + contentSize, 0);
  if (declared > limit) throw tooLarge('zstd', limit, `its frames declare ${declared}`);
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const frame of frames) {
    const part = decodeFrame(decoder, bytes, frame, limit - total, limit);
    parts.push(part);
    total += part.length;
    if (total > limit) throw tooLarge('zstd', limit, 'stopped there');
  }
  return joined(parts);
}

function decodeFrame(
  decoder: ZSTDDecoder,
  bytes: Uint8Array,
  frame: ZstdFrame,
  room: number,
  limit: number,
): Uint8Array {
  const { offset, end, contentSize, bound, windowSize } = frame;
  if (windowSize > zstdWindowLimit) {
    throw unsupported(
      'zstd',
      offset,
      `a window of ${windowSize} bytes (limit: ${zstdWindowLimit})`,
    );
  }
  const wrongSize = () =>
    damaged('zstd', offset, `the frame does not give its ${contentSize} bytes`);
  if (contentSize !== undefined && contentSize > bound) throw wrongSize();
  const data = bytes.subarray(offset, end);
  if (contentSize === 0 || bound === 0) {
    if (bound !== 0) throw wrongSize();
    if (frame.checksum && !checksumOfNothing.equals(data.subarray(-4))) {
      throw damaged('zstd', end - 4, 'the checksum does not match');
    }
    return new Uint8Array();
  }
  if (data.length > 2 ** 30) throw unsupported('zstd', offset, 'a frame of more than 1 GiB');
  const size = contentSize ?? Math.min(bound, Math.max(room, 1));
  const content = decode(decoder, data, size, offset);
  if (content.length > 0) return content;
  if (size < bound && contentSize === undefined) {
    throw tooLarge('zstd', limit, `the frame at offset ${offset} does, or is damaged`);
  }
  throw damaged('zstd', offset, 'the frame or its checksum is wrong');
}

/** Empty: it failed, for whatever reason. */
function decode(decoder: ZSTDDecoder, data: Uint8Array, size: number, offset: number): Uint8Array {
  try {
    return decoder.decode(data, size);
  } catch (error) {
    throw damaged('zstd', offset, 'the decoder stopped', error);
  }
}
