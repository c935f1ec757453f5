import { createReadStream } from 'node:fs';
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { execa } from 'execa';

/** A key pair of GnuPG's, in a home of its own. */
export interface SigningKey {
  home: string;
  /** The file of the public key, armoured. */
  publicKey: string;
}

/** Makes a key that signs packages and metadata. */
export async function makeSigningKey(
  directory: string,
  name: string,
  kind = 'rsa2048',
): Promise<SigningKey> {
  const home = join(directory, name);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const gpg = (...args: string[]) => execa('gpg', ['--homedir', home, '--batch', ...args]);
  const user = `${name} <${name}@example.com>`;
  await gpg('--passphrase', '', '--quick-generate-key', user, kind, 'sign', 'never');
  const publicKey = join(directory, `${name}.asc`);
  await gpg('--armor', '--output', publicKey, '--export');
  await execa('gpgconf', ['--homedir', home, '--kill', 'all']);
  return { home, publicKey };
}

export interface RpmOptions {
  name: string;
  version: string;
  release: string;
  arch: string;
  /** A root file system: all that is in it goes into the package. */
  root: string;
  /** Left out, the package is not signed. */
  key?: SigningKey;
}

/** Builds a package with rpmbuild and signs it with rpmsign. Gives its path, in `directory`. */
export async function makeRpm(directory: string, options: RpmOptions): Promise<string> {
  const { name, version, release, arch, root, key } = options;
  const work = join(directory, '..', `rpmbuild-${name}-${version}-${release}.${arch}`);
  const spec = join(work, 'package.spec');
  await mkdir(work, { recursive: true });
  await writeFile(
    spec,
    `%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _binary_payload w3.zstdio
AutoReqProv: no
Name: ${name}
Version: ${version}
Release: ${release}
Summary: Headers of a kernel
License: GPLv2
%description
Headers of a kernel.
%install
mkdir -p %{buildroot}
cp -a ${root}/. %{buildroot}/
%files
/usr
`,
  );
  await mkdir(directory, { recursive: true });
  const defines = [`_topdir ${work}`, `_rpmdir ${directory}`, '_rpmfilename %{NVRA}.rpm'];
  const words = defines.flatMap((text) => ['--define', text]);
  await execa('rpmbuild', ['-bb', '--target', arch, ...words, spec]);
  await rm(work, { recursive: true });
  const path = join(directory, `${name}-${version}-${release}.${arch}.rpm`);
  if (key !== undefined) await signRpm(path, key);
  return path;
}

export async function signRpm(path: string, key: SigningKey): Promise<void> {
  const defines = [`_gpg_path ${key.home}`, '_gpg_name example.com', '__gpg /usr/bin/gpg'];
  await execa('rpmsign', [...defines.flatMap((text) => ['--define', text]), '--resign', path]);
  await execa('gpgconf', ['--homedir', key.home, '--kill', 'all']);
}

/** Writes a repository's metadata with createrepo_c, and signs them. */
export async function indexRepository(directory: string, key: SigningKey): Promise<void> {
  await execa('createrepo_c', ['--quiet', directory]);
  await signMetadata(directory, key);
}

export async function signMetadata(directory: string, key: SigningKey): Promise<void> {
  const file = join(directory, 'repodata/repomd.xml');
  const signature = ['--armor', '--yes', '--detach-sign', '--output', `${file}.asc`, file];
  await execa('gpg', ['--homedir', key.home, '--batch', ...signature]);
  await execa('gpgconf', ['--homedir', key.home, '--kill', 'all']);
}

/** What a server does wrong with a file. */
export type Fault = 'missing' | 'truncated' | 'corrupt' | 'cut';

export interface RpmServer {
  url: string;
  /** By the end of a file's name. */
  faults: Map<string, Fault>;
  /** The paths that were asked for, in order. */
  requests: string[];
  stop: () => void;
}

/** Serves a directory on a port of loopback, ranges and all. */
export async function serveRpms(directory: string): Promise<RpmServer> {
  const faults = new Map<string, Fault>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname));
    requests.push(path);
    const [, fault] = [...faults].find(([end]) => path.endsWith(end)) ?? [];
    serve(join(directory, path), fault, request, response).catch(() => {
      response.writeHead(404).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, faults, requests, stop };
}

async function serve(
  path: string,
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size } = await stat(path);
  if (fault === 'missing') throw new Error('missing');
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (fault === undefined) {
    const range = from > 0 && { 'content-range': `bytes ${from}-${size - 1}/${size}` };
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': size - from, ...range });
    createReadStream(path, { start: from }).pipe(response);
    return;
  }
  const bytes = await readFile(path);
  const half = bytes.length >> 1;
  if (fault === 'corrupt') {
    bytes[half] = (bytes[half] ?? 0) ^ 1;
    response.writeHead(200, { 'content-length': size }).end(bytes);
  } else if (fault === 'truncated') {
    response.writeHead(200, { 'content-length': half }).end(bytes.subarray(0, half));
  } else {
    response.writeHead(200, { 'content-length': size });
    response.write(bytes.subarray(0, half), () => response.destroy());
  }
}

/** The text of a `.repo` file for a repository that signs its metadata. */
export const repoFile = (url: string): string => `[kernels]
name=Kernels
baseurl=${url}
enabled=1
gpgcheck=1
repo_gpgcheck=1
`;

/** The parts of a KDIR of Debian, as they lie unpacked on this machine. */
export interface HeadersParts {
  headers: string;
  common: string;
  kbuild: string;
}

/**
 * Lays Debian's headers out as a `kernel-devel` package has them: all in one directory, no link that
 * leaves it, the release in Fedora's form. Their host tools, compiler and exports stay as they are.
 */
export async function layOutKernelDevel(
  root: string,
  { headers, common, kbuild }: HeadersParts,
  srcarch: string,
  release: string,
): Promise<void> {
  const kdir = join(root, 'usr/src/kernels', release);
  await mkdir(kdir, { recursive: true });
  const link = { recursive: true, verbatimSymlinks: true, force: true } as const;
  const linked = /\/(scripts|tools)$/;
  const foreign = new RegExp(String.raw`/arch/(?!${srcarch}(/|$)|Kconfig$)[^/]+$`);
  await cp(common, kdir, {
    ...link,
    filter: (path) => !linked.test(path.slice(common.length)) && !foreign.test(path),
  });
  await cp(headers, kdir, {
    ...link,
    filter: (path) =>
      !/^\/(scripts|tools|Makefile|\.kernelvariables)$/.test(path.slice(headers.length)),
  });
  for (const part of ['scripts', 'tools']) await cp(join(kbuild, part), join(kdir, part), link);
  const utsrelease = join(kdir, 'include/generated/utsrelease.h');
  await writeFile(utsrelease, `#define UTS_RELEASE "${release}"\n`);
  await writeFile(join(kdir, 'include/config/kernel.release'), `${release}\n`);
}
