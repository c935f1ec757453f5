import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a cache server does in the stead of what it is asked; `part`: of the method and the path. */
export type CacheFault =
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  /** It takes the request and says nothing. */
  | { kind: 'silent' }
  /** It stops after so many bytes of the body, and keeps the connection. */
  | { kind: 'hang'; after: number }
  /** It ends the connection after so many bytes. */
  | { kind: 'cut'; after: number }
  /** It promises so many bytes more, or, with a negative number, fewer than it sends. */
  | { kind: 'length'; by: number }
  /** It sends without end. */
  | { kind: 'endless' }
  /** It sends a byte at a time. */
  | { kind: 'trickle'; every: number };

/** A cache server on loopback, in memory: GET, HEAD and PUT of whatever path. */
export interface CacheServer {
  /** `http://127.0.0.1:<port>/cache` */
  url: string;
  /** By path: `/cache/ac/…`. */
  blobs: Map<string, Buffer>;
  /** `GET /cache/ac/…`, in order. */
  requests: string[];
  /** The values of the Authorization headers that came. */
  authorizations: (string | undefined)[];
  /** Breaks the requests whose text contains a part: `GET`, `PUT /cache/cas`. */
  breakRequests: (part: string, fault: CacheFault) => void;
  /** Mends all. */
  reset: () => void;
  stop: () => Promise<void>;
}

export async function startCacheServer(): Promise<CacheServer> {
  const blobs = new Map<string, Buffer>();
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const faults = new Map<string, CacheFault>();
  const server = createServer((request, response) => {
    const text = `${request.method} ${request.url}`;
    requests.push(text);
    authorizations.push(request.headers.authorization);
    const [, fault] = [...faults].find(([part]) => text.includes(part)) ?? [];
    void serve(blobs, fault, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/cache`,
    blobs,
    requests,
    authorizations,
    breakRequests: (part, fault) => faults.set(part, fault),
    reset: () => {
      faults.clear();
      requests.length = 0;
      authorizations.length = 0;
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
  blobs: Map<string, Buffer>,
  fault: CacheFault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (fault?.kind === 'silent') return;
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, fault.headers).end('no');
    return;
  }
  if (method === 'PUT') {
    blobs.set(url, Buffer.concat(chunks));
    response.writeHead(201).end();
    return;
  }
  const found = blobs.get(url);
  if (fault === undefined || method === 'HEAD') {
    response.writeHead(found === undefined ? 404 : 200, { 'Content-Length': found?.length ?? 0 });
    response.end(found);
    return;
  }
  await sendFaultily(found ?? Buffer.alloc(100_000), fault, response);
}

async function sendFaultily(
  body: Buffer,
  fault: Exclude<CacheFault, { kind: 'silent' | 'status' }>,
  response: ServerResponse,
): Promise<void> {
  switch (fault.kind) {
    case 'hang':
      response.writeHead(200, { 'Content-Length': body.length });
      response.write(body.subarray(0, fault.after));
      return;
    case 'cut':
      response.writeHead(200, { 'Content-Length': body.length });
      response.write(body.subarray(0, fault.after), () => response.destroy());
      return;
    case 'length':
      response.writeHead(200, { 'Content-Length': body.length + fault.by });
      response.end(body);
      return;
    case 'endless':
      response.writeHead(200);
      while (!response.destroyed) {
        if (!response.write(Buffer.alloc(2 ** 16, 0x20))) await once(response, 'drain');
      }
      return;
    case 'trickle':
      response.writeHead(200, { 'Content-Length': body.length });
      for (let at = 0; at < body.length && !response.destroyed; at++) {
        response.write(body.subarray(at, at + 1));
        await new Promise((resolve) => setTimeout(resolve, fault.every));
      }
      response.end();
  }
}
