import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startCacheServer, type CacheServer } from '../../../test/support/cache-server.js';
import { BlobError, type BlobFault } from './blob-store.js';
import { HttpBlobs } from './http-blobs.js';

const name = `cas/${'ab'.repeat(32)}` as const;
const bytes = Buffer.from('what is kept '.repeat(1000));
const quick = { first: 300, idle: 300, pace: 1e9 };
const forever = new AbortController().signal;

let server: CacheServer;
let blobs: HttpBlobs;

beforeAll(async () => {
  server = await startCacheServer();
  blobs = new HttpBlobs({ url: server.url }, quick);
});
afterEach(() => {
  server.reset();
});
afterAll(() => server.stop());

async function faultOf(work: Promise<unknown>): Promise<[BlobFault, string]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BlobError)) throw new Error(`no BlobError: ${String(error)}`);
  return [error.fault, error.message];
}

describe('HttpBlobs', () => {
  it('puts, finds and gets', async () => {
    expect(await blobs.has(name, forever)).toBe(false);
    expect(await blobs.get(name, 100, forever)).toBeUndefined();
    await blobs.put(name, bytes, forever);
    expect(await blobs.has(name, forever)).toBe(true);
    expect(await blobs.get(name, bytes.length, forever)).toEqual(bytes);
    expect(server.requests.map((text) => text.replace(/b(ab)+/, '…'))).toEqual(
      ['HEAD', 'GET', 'PUT', 'HEAD', 'GET'].map((method) => `${method} /cache/cas/a…`),
    );
  });

  it.each([200, 201, 204])('takes %i for an answer to PUT', async (status) => {
    server.breakRequests('PUT', { kind: 'status', status });
    await expect(blobs.put(name, bytes, forever)).resolves.toBeUndefined();
  });

  it.each([202, 301, 401, 403, 405, 413, 500, 507])('and not %i', async (status) => {
    server.breakRequests('PUT', { kind: 'status', status });
    const [fault, message] = await faultOf(blobs.put(name, bytes, forever));
    expect(fault).toBe('failed');
    expect(message).toContain(`PUT ${name} was answered with ${status}`);
  });

  it('tells the server who asks, and no other server', async () => {
    const authorization = 'Bearer se-cret';
    const other = await startCacheServer();
    const known = new HttpBlobs({ url: server.url, authorization }, quick);
    await known.has(name, forever);
    server.breakRequests('GET', {
      kind: 'status',
      status: 307,
      headers: { Location: `${other.url}/${name}` },
    });
    const [fault, message] = await faultOf(known.get(name, 1e6, forever));
    expect([fault, message]).toEqual(['failed', expect.stringContaining('307')]);
    expect(message).not.toContain('se-cret');
    expect(server.authorizations).toEqual([authorization, authorization]);
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  it('does not wait for ever for an answer, to whatever', async () => {
    server.breakRequests('/cas/', { kind: 'silent' });
    for (const work of [
      () => blobs.get(name, 1e6, forever),
      () => blobs.has(name, forever),
      () => blobs.put(name, bytes, forever),
    ]) {
      const [fault, message] = await faultOf(work());
      expect([fault, message]).toEqual([
        'timed-out',
        expect.stringContaining('no answer for 0.3 s'),
      ]);
    }
  });

  it('does not wait for ever for the rest', async () => {
    await blobs.put(name, bytes, forever);
    server.breakRequests('GET', { kind: 'hang', after: 100 });
    const hung = await faultOf(blobs.get(name, 1e6, forever));
    expect(hung).toEqual(['timed-out', expect.stringContaining('nothing more came for 0.3 s')]);
    server.breakRequests('GET', { kind: 'length', by: 100 });
    expect(await faultOf(blobs.get(name, 1e6, forever))).toEqual(hung);
  });

  it('does not wait for what comes byte by byte', async () => {
    await blobs.put(name, bytes, forever);
    server.breakRequests('GET', { kind: 'trickle', every: 20 });
    expect(await faultOf(blobs.get(name, 1e6, forever))).toEqual([
      'timed-out',
      expect.stringContaining('is too slow'),
    ]);
  });

  it('gives no part of what was cut off', async () => {
    await blobs.put(name, bytes, forever);
    server.breakRequests('GET', { kind: 'cut', after: 100 });
    expect((await faultOf(blobs.get(name, 1e6, forever)))[0]).toBe('failed');
  });

  it('gives no more than was promised', async () => {
    await blobs.put(name, bytes, forever);
    server.breakRequests('GET', { kind: 'length', by: -1000 });
    const got = await blobs.get(name, 1e6, forever).catch((error: unknown) => error);
    if (Buffer.isBuffer(got)) expect(got).toEqual(bytes.subarray(0, bytes.length - 1000));
    else expect(got).toBeInstanceOf(BlobError);
    server.reset(); // and the connection is not taken for a good one
    expect(await blobs.get(name, 1e6, forever)).toEqual(bytes);
  });

  it('reads nothing that is longer than it may be', async () => {
    await blobs.put(name, bytes, forever);
    expect(await faultOf(blobs.get(name, bytes.length - 1, forever))).toEqual([
      'strange',
      `${name} has ${bytes.length} bytes, and may have ${bytes.length - 1}`,
    ]);
    server.breakRequests('GET', { kind: 'endless' });
    expect(await faultOf(blobs.get(name, 1e6, forever))).toEqual([
      'failed',
      expect.stringContaining('gave more than 1000000 bytes'),
    ]);
  });

  it('says why nobody answers', async () => {
    const gone = await startCacheServer();
    await gone.stop();
    const [fault, message] = await faultOf(new HttpBlobs({ url: gone.url }).has(name, forever));
    expect(fault).toBe('failed');
    expect(message).toContain('ECONNREFUSED');
  });

  it('ends at once with the run', async () => {
    server.breakRequests('GET', { kind: 'silent' });
    const stop = new AbortController();
    const patient = new HttpBlobs({ url: server.url });
    const work = faultOf(patient.get(name, 1e6, stop.signal));
    setTimeout(() => {
      stop.abort();
    }, 50);
    expect((await work)[0]).toBe('aborted');
    expect((await faultOf(patient.get(name, 1e6, AbortSignal.abort())))[0]).toBe('aborted');
  });
});
