import type { Readable } from 'node:stream';
import { throwIfInterrupted } from '../../errors/kbuild-error.js';
import { LineSplitter } from '../line-splitter.js';

/** One message in the stream of a build, a pull or an import (Engine API). */
interface Frame {
  stream?: string;
  status?: string;
  id?: string;
  error?: string;
}

/** A failure that the engine reported inside a stream, after it had answered 200. */
export class StreamFailure extends Error {}

/**
 * Reads every frame of an engine's stream to its end.
 * @returns the last status: of an import, the id of the image
 * @throws KbuildError INTERRUPTED if the signal is aborted
 * @throws StreamFailure for a frame that reports an error, or a stream that breaks off
 */
export async function readFrames(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<string> {
  const stop = () => {
    (stream as Readable).destroy(); // the engine ends what nobody listens to
  };
  signal.addEventListener('abort', stop);
  let failure: string | undefined;
  let lastStatus = '';
  const output = new LineSplitter(onLine);
  const frames = new LineSplitter((text) => {
    if (text.trim() === '') return;
    const frame = JSON.parse(text) as Frame;
    if (frame.error !== undefined) failure ??= frame.error.trim();
    if (frame.stream !== undefined) output.write(Buffer.from(frame.stream));
    else if (frame.status !== undefined) {
      lastStatus = frame.status;
      onLine([frame.id, frame.status].filter(Boolean).join(': '));
    }
  });
  try {
    throwIfInterrupted(signal);
    for await (const chunk of stream) frames.write(Buffer.from(chunk));
  } finally {
    signal.removeEventListener('abort', stop);
    throwIfInterrupted(signal);
  }
  frames.end();
  output.end();
  if (failure !== undefined) throw new StreamFailure(failure);
  return lastStatus.trim();
}
