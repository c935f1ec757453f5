import { asBlobError, BlobError, type BlobName, type BlobStore } from './blob-store.js';
import { usualPatience, withPatience, type Patience, type Wait } from './patience.js';

/** Where a cache is, and what it asks for. */
export interface HttpPlace {
  /** Without credentials, query and slash at its end. */
  url: string;
  /** The value of the header. */
  authorization?: string;
}

/**
 * Blobs on a web server, `<url>/ac/<hash>` and `<url>/cas/<hash>`, by the GET, PUT and HEAD that the HTTP
 * caches of Bazel and the WebDAV storage of sccache are spoken to with.
 */
export class HttpBlobs implements BlobStore {
  readonly address: string;
  readonly #headers: Record<string, string>;

  constructor(
    { url, authorization }: HttpPlace,
    readonly patience: Patience = usualPatience,
  ) {
    this.address = url;
    this.#headers = {
      // What is kept there is what is to come: sizes are checked.
      'Accept-Encoding': 'identity',
      ...(authorization !== undefined && { Authorization: authorization }),
    };
  }

  get(name: BlobName, limit: number, signal: AbortSignal): Promise<Buffer | undefined> {
    return this.#request('GET', name, signal, undefined, async (response, wait) => {
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw refusal('GET', name, response);
      return readWhole(response, name, limit, wait);
    });
  }

  has(name: BlobName, signal: AbortSignal): Promise<boolean> {
    return this.#request('HEAD', name, signal, undefined, (response) => {
      if (response.status === 200 || response.status === 404) {
        return Promise.resolve(response.status === 200);
      }
      throw refusal('HEAD', name, response);
    });
  }

  put(name: BlobName, bytes: Buffer, signal: AbortSignal): Promise<void> {
    return this.#request('PUT', name, signal, bytes, (response) => {
      if ([200, 201, 204].includes(response.status)) return Promise.resolve();
      throw refusal('PUT', name, response);
    });
  }

  async #request<T>(
    method: 'GET' | 'HEAD' | 'PUT',
    name: BlobName,
    signal: AbortSignal,
    body: Buffer | undefined,
    take: (response: Response, wait: Wait) => Promise<T>,
  ): Promise<T> {
    const doing = `${method} ${name}`;
    try {
      return await withPatience(doing, body?.length ?? 0, this.patience, signal, async (wait) => {
        const response = await fetch(`${this.address}/${name}`, {
          method,
          headers: this.#headers,
          // Credentials are for the server that was named, and for no other.
          redirect: 'manual',
          signal: wait.signal,
          ...(body !== undefined && { body: new Uint8Array(body) }),
        });
        wait.heard(0);
        try {
          return await take(response, wait);
        } finally {
          // What is not wanted need not come.
          if (!response.bodyUsed) await response.body?.cancel();
        }
      });
    } catch (error) {
      throw asBlobError(error, doing);
    }
  }
}

function refusal(method: string, name: BlobName, { status, statusText }: Response): BlobError {
  const redirect = status >= 300 && status < 400 ? ', and a redirection is not followed' : '';
  const words = `${status} ${statusText}`.trim();
  return new BlobError('failed', `${method} ${name} was answered with ${words}${redirect}`);
}

async function readWhole(
  response: Response,
  name: BlobName,
  limit: number,
  wait: Wait,
): Promise<Buffer> {
  const promised = response.headers.get('content-length');
  if (Number(promised) > limit) {
    throw new BlobError('strange', `${name} has ${promised} bytes, and may have ${limit}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit) {
      throw new BlobError('failed', `GET ${name} gave more than ${limit} bytes, and did not end`);
    }
    chunks.push(chunk);
    wait.heard(size);
  }
  return Buffer.concat(chunks);
}
