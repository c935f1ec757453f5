import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory } from './temporary-directory.js';

/** Debian's nginx as a cache server: its own WebDAV module, in a directory of its own. */
export interface Nginx {
  /** `http://127.0.0.1:<port>/cache` */
  url: string;
  /** The directory that it serves. */
  root: string;
  /** The requests so far, as its own log has them: `GET /cache/ac/… 404`. */
  requests: () => string[];
  stop: () => Promise<void>;
}

/** The server block of docs/cache.md, around it what lets it run beside others. */
const configOf = (port: number, prefix: string, user?: string): string => `
${process.geteuid?.() === 0 ? 'user root;' : ''}
daemon off;
master_process off;
pid ${prefix}/pid;
error_log ${prefix}/error.log;
events {}
http {
  log_format plain '$request_method $uri $status';
  access_log ${prefix}/access.log plain;
  client_body_temp_path ${prefix}/www/tmp;
  proxy_temp_path ${prefix}/tmp/proxy;
  fastcgi_temp_path ${prefix}/tmp/fastcgi;
  uwsgi_temp_path ${prefix}/tmp/uwsgi;
  scgi_temp_path ${prefix}/tmp/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${prefix}/www;
    location /cache/ {
      dav_methods PUT;
      create_full_put_path on;
      client_max_body_size 256m;
      ${user === undefined ? '' : `auth_basic cache; auth_basic_user_file ${prefix}/users;`}
    }
  }
}
`;

/** @param user who alone may use it: `name:password` */
export async function startNginx(user?: string): Promise<Nginx> {
  const prefix = temporaryDirectory();
  const port = await freePort();
  for (const name of ['www/cache', 'www/tmp', 'tmp']) {
    mkdirSync(join(prefix, name), { recursive: true });
  }
  const config = join(prefix, 'nginx.conf');
  writeFileSync(config, configOf(port, prefix, user));
  writeFileSync(join(prefix, 'users'), `${user?.replace(':', ':{PLAIN}') ?? ''}\n`);
  const program = process.geteuid?.() === 0 ? '/usr/sbin/nginx' : 'nginx';
  const server = spawn(program, ['-p', prefix, '-c', config, '-e', join(prefix, 'error.log')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = `http://127.0.0.1:${port}/cache`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(new URL('/', url)).catch(() => undefined);
    if (answer !== undefined) break;
    if (server.exitCode !== null || tries > 200) throw new Error(`nginx does not answer: ${said}`);
    await sleep(50);
  }
  return {
    url,
    root: join(prefix, 'www/cache'),
    requests: () =>
      readFileSync(join(prefix, 'access.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(' /cache/')),
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
