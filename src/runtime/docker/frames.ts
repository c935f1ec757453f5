import { throwIfInterrupted } from '../../errors/kbuild-error.js';
import { LineSplitter } from '../line-splitter.js';

/** One message in the stream of a build, a pull or an import (Engine API). */
interface Frame {
  stream?: string;
  status?: string;
  id?: string;
  error?: string;
}

/** Most characters of one frame: an engine may put all that a step printed into one. */
const longestFrame = 16 * 2 ** 20;

/** A failure that the engine reported inside a stream, after it had answered 200. */
export class StreamFailure extends Error {}

/**
 * Reads every frame of an engine's stream to its end.
 * @returns the last status: of an import, the id of the image
 * @throws KbuildError INTERRUPTED if the signal is aborted
 * @throws StreamFailure for a frame that reports an error, and for what is no frame or half of one;
 *   what befalls the connection is thrown as it is
 */
export async function readFrames(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<string> {
  const stop = () => {
    // The engine ends what nobody listens to.
    (stream as NodeJS.ReadableStream & { destroy: () => void }).destroy();
  };
  signal.addEventListener('abort', stop);
  let failure: string | undefined;
  let lastStatus = '';
  const output = new LineSplitter(onLine);
  const frames = new LineSplitter((text) => {
    if (text.trim() === '') return;
    const frame = parseFrame(text);
    if (frame.error !== undefined) failure ??= frame.error.trim();
    if (frame.stream !== undefined) output.write(Buffer.from(frame.stream));
    else if (frame.status !== undefined) {
      lastStatus = frame.status;
      onLine([frame.id, frame.status].filter(Boolean).join(': '));
    }
  }, longestFrame);
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

function parseFrame(text: string): Frame {
  try {
    return JSON.parse(text) as Frame;
  } catch (cause) {
    const start = text.length > 80 ? `${text.slice(0, 80)}…` : text;
    throw new StreamFailure(`the engine's answer breaks off or makes no sense: ${start}`, {
      cause,
    });
  }
}
