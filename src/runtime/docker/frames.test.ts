import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readFrames, StreamFailure } from './frames.js';

/** Reads a stream of these chunks. */
async function read(...chunks: string[]): Promise<{ lines: string[]; status: string }> {
  const lines: string[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  const status = await readFrames(stream, (line) => lines.push(line));
  return { lines, status };
}

const frames = (...values: object[]): string =>
  values.map((value) => `${JSON.stringify(value)}\r\n`).join('');

/** What the Docker engine says of a build. */
const build = frames(
  { stream: 'Step 1/2 : FROM debian:bookworm-slim' },
  { stream: '\n' },
  { stream: ' ---> 4ad7a9d9b2a0\n' },
  { stream: 'Step 2/2 : RUN echo größe\n ---> Running in 0f1\n' },
  { aux: { ID: 'sha256:0f1' } },
  { stream: 'Successfully built 0f1' },
);
const buildLines = [
  'Step 1/2 : FROM debian:bookworm-slim',
  ' ---> 4ad7a9d9b2a0',
  'Step 2/2 : RUN echo größe',
  ' ---> Running in 0f1',
  'Successfully built 0f1',
];

describe('readFrames', () => {
  it('gives the output of a build in lines, however its frames cut them', async () => {
    expect((await read(build)).lines).toEqual(buildLines);
  });

  it('reads frames, however the stream is cut', async () => {
    const bytes = Buffer.from(build);
    for (const size of [1, 2, 3, 7, 50]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      const lines: string[] = [];
      await readFrames(Readable.from(chunks), (line) => lines.push(line));
      expect(lines).toEqual(buildLines);
    }
  });

  it('gives each status of a pull with the layer that it is of', async () => {
    const { lines } = await read(
      frames(
        { status: 'Pulling from library/debian', id: 'bookworm-slim' },
        { status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: 'aa' },
        { status: 'Status: Downloaded newer image' },
      ),
    );
    expect(lines).toEqual([
      'bookworm-slim: Pulling from library/debian',
      'aa: Downloading',
      'Status: Downloaded newer image',
    ]);
  });

  it('returns the last status: of an import, the image', async () => {
    const text = frames({ status: 'Importing' }, { status: 'sha256:0123abc\n' });
    expect((await read(text)).status).toBe('sha256:0123abc');
    expect((await read('')).status).toBe('');
  });

  it('throws what the engine reports in the stream, after all that it said', async () => {
    const lines: string[] = [];
    const text = frames(
      { stream: 'E: Unable to locate package gcc-99\n' },
      { error: 'The command returned a non-zero code: 100\n', errorDetail: { code: 100 } },
      { error: 'second' },
      { stream: 'afterwards' },
    );
    const reading = readFrames(Readable.from([Buffer.from(text)]), (line) => lines.push(line));
    await expect(reading).rejects.toBeInstanceOf(StreamFailure);
    await expect(reading).rejects.toThrow(/^The command returned a non-zero code: 100$/);
    expect(lines).toEqual(['E: Unable to locate package gcc-99', 'afterwards']);
  });

  it('reads a last frame that no newline ends', async () => {
    expect((await read('{"status":"done"}')).status).toBe('done');
  });

  it('reads a frame that is longer than any line of a log', async () => {
    const long = 'x'.repeat(100_000);
    const text = frames({ stream: `${long}\n` });
    const { lines } = await read(text.slice(0, 70_000), text.slice(70_000));
    expect(lines.join('')).toBe(long);
  });

  it.each([
    ['no frame', '<html>502 Bad Gateway</html>\n'],
    ['half a frame', '{"stream":"St'],
  ])('reports what is %s as a failure of the stream', async (_, text) => {
    await expect(read(text)).rejects.toBeInstanceOf(StreamFailure);
    await expect(read(text)).rejects.toThrow(text.trim());
  });

  it('rejects a stream that fails', async () => {
    const stream = Readable.from(
      (function* () {
        yield Buffer.from(frames({ stream: 'one\n' }));
        throw new Error('socket hang up');
      })(),
    );
    await expect(readFrames(stream, () => undefined)).rejects.toThrow('socket hang up');
  });
});
