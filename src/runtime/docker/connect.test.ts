import { linkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { chooseSocket, engineError, findEngine } from './connect.js';

describe('findEngine', () => {
  const server = createServer((request, response) => {
    response.end(`OK ${request.url ?? ''}`);
  });
  const socket = join(temporaryDirectory(), 'my engine.sock');

  beforeAll(() => new Promise<void>((resolve) => server.listen(socket, resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('takes the socket that DOCKER_HOST names, and nothing else', async () => {
    const { docker, address } = findEngine({ DOCKER_HOST: `unix://${socket}` });
    expect(address).toBe(`unix://${socket}`);
    expect(String(await docker.ping())).toContain('/_ping');
  });

  it('takes the address of an engine that listens on TCP', async () => {
    const tcp = createServer((request, response) => {
      response.end(`TCP ${request.url ?? ''}`);
    });
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as AddressInfo;
    try {
      const { docker, address } = findEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` });
      expect(address).toBe(`tcp://127.0.0.1:${port}`);
      expect(String(await docker.ping())).toBe('TCP /_ping');
    } finally {
      tcp.close();
    }
  });

  it.each([
    ['tcp://box:2375', {}, 'http', '2375'],
    ['http://box:1234', {}, 'http', '1234'],
    ['https://box:1234', {}, 'https', '1234'],
    ['tcp://box:2376', {}, 'https', '2376'],
    ['tcp://box:1234', { DOCKER_TLS_VERIFY: '1' }, 'https', '1234'],
    ['ssh://me@box:22', { SSH_AUTH_SOCK: '/run/agent' }, 'ssh', '22'],
  ])('goes by the environment that it is given: %s, %j', (DOCKER_HOST, more, protocol, port) => {
    vi.stubEnv('DOCKER_HOST', 'tcp://elsewhere:1');
    const { docker } = findEngine({ DOCKER_HOST, ...more });
    vi.unstubAllEnvs();
    expect(docker.modem).toMatchObject({ protocol, host: 'box', port });
  });

  it('does not look elsewhere if DOCKER_HOST names a socket that is not there', async () => {
    const error = await kbuildErrorOf(() =>
      findEngine({ DOCKER_HOST: 'unix:///nonexistent/docker.sock' }),
    );
    expect(error.code).toBe('ENGINE_NOT_FOUND');
    expect(error.message).toBe(
      'no container engine found (looked at unix:///nonexistent/docker.sock)',
    );
    expect(error.hint).toContain('doctor --fix');
  });
});

describe('chooseSocket', () => {
  const directory = temporaryDirectory({ file: '' });
  const [live, stale, file] = ['live', 'stale', 'file'].map((name) => join(directory, name));
  const servers = [createServer(), createServer()];

  beforeAll(async () => {
    const listen = (path: string, i: number) =>
      new Promise<void>((resolve) => servers[i]?.listen(path, resolve));
    await listen(live!, 0);
    await listen(`${stale!}.first`, 1);
    // Node removes the socket that it made; an engine that was killed leaves its own.
    linkSync(`${stale!}.first`, stale!);
    await new Promise((resolve) => servers[1]?.close(resolve));
  });
  afterAll(() => new Promise((resolve) => servers[0]?.close(resolve)));

  it('passes by a socket on which nobody listens, and by what is no socket', () => {
    expect(chooseSocket(['/nonexistent', directory, file!, stale!, live!])).toBe(live);
  });

  it('takes a socket on which nobody seems to listen rather than none', () => {
    expect(chooseSocket([file!, stale!])).toBe(stale);
    expect(chooseSocket([file!])).toBeUndefined();
  });
});

describe('findEngine, for an address that is none', () => {
  it.each([
    'localhost:2375',
    '/var/run/docker.sock',
    'docker',
    'tcp://',
    'tcp://box:port',
    'ftp://host',
  ])('says so and how to write one: %s', async (address) => {
    const error = await kbuildErrorOf(() => findEngine({ DOCKER_HOST: address }));
    expect(error.code).toBe('ENGINE_NOT_FOUND');
    expect(error.message).toContain(`'${address}'`);
    expect(error.hint).toContain('tcp://host:port');
  });
});

describe('engineError', () => {
  const failure = (properties: object) => Object.assign(new Error('said the engine'), properties);
  const of = (error: unknown) => engineError(error, 'unix:///run/x.sock', 'pulling an image');

  it.each(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])(
    'says of %s that the engine does not run, where and while doing what',
    (code) => {
      const error = of(failure({ code }));
      expect(error.code).toBe('ENGINE_NOT_RUNNING');
      expect(error.message).toContain('unix:///run/x.sock');
      expect(error.message).toContain('pulling an image');
      expect(error.hint).toContain('systemctl start docker');
    },
  );

  it('says of EACCES that there is no permission, and how to get it', () => {
    const error = of(failure({ code: 'EACCES' }));
    expect(error.code).toBe('ENGINE_PERMISSION');
    expect(error.hint).toContain('usermod -aG docker');
  });

  it('quotes what the engine answered, with its status', () => {
    const cause = failure({ statusCode: 500 });
    const error = of(cause);
    expect(error.code).toBe('ENGINE_FAILED');
    expect(error.message).toMatch(/while pulling an image: said the engine \(HTTP 500\)$/);
    expect(error.cause).toBe(cause);
    expect(of(failure({})).message).toMatch(/: said the engine$/);
  });

  it('leaves an error of ours as it is', () => {
    const own = new KbuildError('INTERRUPTED', 'interrupted', 'nothing');
    expect(of(own)).toBe(own);
  });
});
