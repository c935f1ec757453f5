import { InertText } from './inert-text.js';
import { workflowCommand } from './workflow-command.js';

/** How this process speaks to the runner, once that has begun. */
interface Output {
  annotates: boolean;
  /** Writes to stderr as it is. */
  write: (text: string) => void;
}

let output: Output | undefined;

/**
 * From now on, all that this process prints is inert to the runner of GitHub Actions, but for what
 * `sendCommand` sends.
 * @param json stdout holds JSON documents
 * @returns undoes it
 */
export function beginGithubOutput(options: { json: boolean; annotates: boolean }): () => void {
  const { stdout, stderr } = process;
  const write = stderr.write.bind(stderr);
  const undo = [makeInert(stdout, options.json), makeInert(stderr, false)];
  output = { annotates: options.annotates, write: (text) => void write(text) };
  return () => {
    output = undefined;
    for (const each of undo) each();
  };
}

/** Whether what happens is told to the runner. */
export const annotates = (): boolean => output?.annotates === true;

/** Tells the runner something, on stderr: it reads both streams, and stdout may be a document. */
export function sendCommand(...command: Parameters<typeof workflowCommand>): void {
  output?.write(`${workflowCommand(...command)}\n`);
}

function makeInert(stream: NodeJS.WriteStream, isJson: boolean): () => void {
  const inert = new InertText(isJson);
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  const before = Object.getOwnPropertyDescriptor(stream, 'write');
  const guarded = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === 'string' ? inert.of(chunk) : chunk, ...rest);
  stream.write = guarded;
  return () => {
    if (before === undefined) delete (stream as Partial<NodeJS.WriteStream>).write;
    else Object.defineProperty(stream, 'write', before);
  };
}
