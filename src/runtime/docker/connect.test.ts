import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { engineError, findEngine } from './connect.js';

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
      vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${port}`);
      const { docker, address } = findEngine();
      expect(address).toBe(`tcp://127.0.0.1:${port}`);
      expect(String(await docker.ping())).toBe('TCP /_ping');
    } finally {
      vi.unstubAllEnvs();
      tcp.close();
    }
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

describe('findEngine, for an address that is none', () => {
  it.each(['localhost:2375', '/var/run/docker.sock', 'docker', 'tcp://', 'ftp://host'])(
    'says so and how to write one: %s',
    async (address) => {
      const error = await kbuildErrorOf(() => findEngine({ DOCKER_HOST: address }));
      expect(error.code).toBe('ENGINE_NOT_FOUND');
      expect(error.message).toContain(`'${address}'`);
      expect(error.hint).toContain('tcp://host:port');
    },
  );
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
