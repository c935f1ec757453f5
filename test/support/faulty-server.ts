import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with a file; `times`: how often before all is well again; default: always. */
export type Fault = { times?: number } & (
  | { kind: 'missing' }
  /** The connection ends after so many bytes of a file that was promised whole. */
  | { kind: 'cut'; after: number }
  /** The server has, and promises, only so many bytes of it. */
  | { kind: 'truncated'; to: number }
  /** Another file in its place, whole; then the connection ends, a byte before what was promised. */
  | { kind: 'forged'; by: string }
  /** One bit of it is another. */
  | { kind: 'corrupted'; at: number }
  /** Nothing comes any more after so many bytes. */
  | { kind: 'hang'; after: number }
  | { kind: 'slow'; bytesPerSecond: number }
);

/** A web server on loopback that serves files, counts who asks for them, and fails as it is told. */
export interface FaultyServer {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  /** The paths of all requests so far, with the range that was asked for. */
  requests: { path: string; range?: string }[];
  /** How often a file whose path ends so was asked for. */
  count: (end: string) => number;
  /** Breaks the files whose paths contain a text. */
  breakFiles: (part: string, fault: Fault) => void;
  /** Mends all that was broken, and forgets the requests. */
  reset: () => void;
  /** Answers nobody any more. */
  stop: () => Promise<void>;
}

export async function startFaultyServer(root: string): Promise<FaultyServer> {
  const faults = new Map<string, Fault>();
  const requests: FaultyServer['requests'] = [];
  const faultOf = (path: string): Fault | undefined => {
    const [part, fault] = [...faults].find(([text]) => path.includes(text)) ?? [];
    if (part === undefined || fault?.times === undefined) return fault;
    if (fault.times <= 1) faults.delete(part);
    else faults.set(part, { ...fault, times: fault.times - 1 });
    return fault;
  };
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url ?? '/'));
    const { range } = request.headers;
    requests.push({ path, ...(range !== undefined && { range }) });
    void serve(join(root, path), faultOf(path), request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    count: (end) => requests.filter(({ path }) => path.endsWith(end)).length,
    breakFiles: (part, fault) => faults.set(part, fault),
    reset: () => {
      faults.clear();
      requests.length = 0;
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  file: string,
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (fault?.kind === 'missing' || !stat?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const modified = stat.mtime.toUTCString();
  if (request.headers['if-modified-since'] === modified) {
    response.writeHead(304).end();
    return;
  }
  const whole = contentOf(file, fault);
  const from = rangeStart(request, modified, whole.length);
  const body = whole.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'Content-Length': body.length,
    'Last-Modified': modified,
    'Accept-Ranges': 'bytes',
    ...(from > 0 && { 'Content-Range': `bytes ${from}-${whole.length - 1}/${whole.length}` }),
  });
  await send(body, from, fault, response);
}

function contentOf(file: string, fault: Fault | undefined): Buffer {
  if (fault?.kind === 'forged') return Buffer.concat([readFileSync(fault.by), Buffer.alloc(1)]);
  const content = readFileSync(file);
  if (fault?.kind === 'truncated') return content.subarray(0, fault.to);
  if (fault?.kind === 'corrupted') content[fault.at] = (content[fault.at] ?? 0) ^ 1;
  return content;
}

/** Where a client goes on with a file that it has the beginning of (RFC 9110, 13.1.5 and 14.2). */
function rangeStart({ headers }: IncomingMessage, modified: string, size: number): number {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== modified) return 0;
  const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  return from < size ? from : 0;
}

async function send(
  body: Buffer,
  from: number,
  fault: Fault | undefined,
  response: ServerResponse,
): Promise<void> {
  if (fault?.kind === 'cut' || fault?.kind === 'forged') {
    const after = fault.kind === 'cut' ? fault.after : from + body.length - 1;
    const part = body.subarray(0, Math.max(0, after - from));
    response.flushHeaders();
    response.write(part, () => response.destroy());
  } else if (fault?.kind === 'hang') {
    response.flushHeaders();
    response.write(body.subarray(0, Math.max(0, fault.after - from)));
  } else if (fault?.kind === 'slow') {
    const step = Math.ceil(fault.bytesPerSecond / 10);
    for (let at = 0; at < body.length && !response.destroyed; at += step) {
      response.write(body.subarray(at, at + step));
      await sleep(100);
    }
    response.end();
  } else response.end(body);
}
