import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import AjvDraft04 from 'ajv-draft-04';
import type { SchemaObject } from 'ajv';
import addFormats from 'ajv-formats';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hostArch } from '../../src/arch/arch.js';
import type { ReleaseFile } from '../../src/release/pack/format.js';
import { ociFormat } from '../../src/release/pack/oci/oci-format.js';
import type { ReleaseProject } from '../../src/release/pack/release-project.js';
import { packTools } from '../../src/workflow/pack-tools.js';
import { pushImages, type PushedImage } from '../../src/workflow/push-images.js';
import { inSession } from '../support/debian-image.js';
import { kbuildErrorOf } from '../support/kbuild-error-of.js';
import { packedExamples } from '../support/packed-projects.js';
import { startEmptyRegistry, type Registry } from '../support/registry.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Of the user `vendor`, whose password is `open sesame` (bcrypt). */
const htpasswd = 'vendor:$2b$04$ldLbxtPnur1UGk4akdLjLuyhukc/u3qcpOAvkV0dnBo4PNmzASrjy\n';

/** A release that kernels of several architectures have, as Ubuntu's. */
const shared = '6.1.0-acme';

const run = async (program: string, args: readonly string[]) =>
  (await execa(program, args, { env: { LC_ALL: 'C.UTF-8' } })).stdout;

let projects: ReleaseProject[];
let files: ReleaseFile[];
let registry: Registry;
let pushed: PushedImage[];
let root: string;
beforeAll(async () => {
  projects = (await packedExamples()).map((project) => ({
    ...project,
    settings: { ...project.settings, softdep: { consumer: { pre: ['crc32c'], post: [] } } },
    kernels: [
      ...project.kernels,
      ...project.kernels.map((kernel) => ({ ...kernel, release: shared })),
    ],
  }));
  files = await inSession((session) => ociFormat.pack(projects, packTools(session)));
  root = temporaryDirectory(
    Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes)])),
  );
  registry = await startEmptyRegistry(temporaryDirectory());
  pushed = await inSession((session) =>
    pushImages(files, { to: `${registry.address}/drivers`, insecure: true }, session),
  );
});
afterAll(() => {
  registry.stop();
});

const releaseOf = (arch: string) =>
  projects[0]!.kernels.find((kernel) => kernel.arch.name === arch)!.release;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const digestsOf = (files: readonly ReleaseFile[]) =>
  files.map(({ path, bytes }) => [path, sha256(bytes)]);

interface Referred {
  digest: string;
  platform?: unknown;
}

/** A document of a layout, or of a registry. */
interface Document {
  manifests: Referred[];
  config: Referred;
}

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Document;

describe('the layouts of images', () => {
  it('are what the schemas of the specification allow', () => {
    const schemas = '/usr/share/gocode/src/github.com/opencontainers/image-spec/schema';
    const ajv = new AjvDraft04.default({ strict: false });
    addFormats.default(ajv);
    for (const name of readdirSync(schemas).filter((name) => name.endsWith('.json'))) {
      // They refer to each other by file names, whatever they call themselves; all are of draft 04,
      // which some misspell.
      const text = readFileSync(join(schemas, name), 'utf8');
      const schema = JSON.parse(text, (key, value: unknown) =>
        typeof value === 'string' && ['id', '$schema'].includes(key) ? undefined : value,
      ) as SchemaObject;
      ajv.addSchema(schema, `https://opencontainers.org/schema/${name}`);
    }
    const check = (name: string, document: unknown) => {
      const validate = ajv.getSchema(`https://opencontainers.org/schema/${name}-schema.json`)!;
      void validate(document);
      expect(validate.errors, name).toBeNull();
    };
    let manifests = 0;
    for (const layout of readdirSync(join(root, 'oci'))) {
      const document = (path: string) => readJson(join(root, 'oci', layout, path));
      const blob = ({ digest }: Referred) => document(`blobs/${digest.replace(':', '/')}`);
      check('image-layout', document('oci-layout'));
      const refs = document('index.json');
      check('image-index', refs);
      for (const index of refs.manifests.map(blob)) {
        check('image-index', index);
        for (const manifest of index.manifests.map(blob)) {
          check('image-manifest', manifest);
          check('config', blob(manifest.config));
          manifests++;
        }
      }
    }
    expect(manifests).toBe(2 * 2 * (2 + 2)); // projects, tags, images of each
    // A check that takes everything would be none.
    const validate = ajv.getSchema('https://opencontainers.org/schema/image-index-schema.json')!;
    expect(validate({ schemaVersion: 2, manifests: [{ digest: 'sha256:0' }] })).toBe(false);
  });

  it('are accepted by skopeo, with all that their indexes name', async () => {
    for (const tag of [releaseOf('arm64'), shared, `1.2.0-${shared}`]) {
      const copy = temporaryDirectory();
      const source = `oci:${root}/oci/acme-consumer:${tag}`;
      await run('skopeo', ['--insecure-policy', 'copy', '--all', source, `dir:${copy}`]);
      const { manifests } = readJson(join(copy, 'manifest.json'));
      expect(manifests).toHaveLength(tag.endsWith(shared) ? 2 : 1);
    }
  });

  it('hold the same bytes whenever they are made', async () => {
    const again = await inSession((session) => ociFormat.pack(projects, packTools(session)));
    expect(digestsOf(again)).toEqual(digestsOf(files));
  });

  it('are read back, each module once for each image', async () => {
    const modules = await inSession((session) => ociFormat.unpack(files, packTools(session)));
    const kernels = projects[0]!.kernels.length;
    expect(modules).toHaveLength(kernels + 2 * kernels);
    const built = projects.flatMap((project) => project.kernels).flatMap(({ modules }) => modules);
    for (const { bytes, path } of modules) {
      expect(built.some((module) => module.path === path && module.bytes.equals(bytes))).toBe(true);
    }
  });
});

describe('pushed images', () => {
  it('are in the registry by the tags that the operator asks for, each as it was pushed', async () => {
    const tags = await run('skopeo', [
      ...['list-tags', '--tls-verify=false', `docker://${registry.address}/drivers/acme-consumer`],
    ]);
    const releases = [releaseOf('arm64'), releaseOf('x86_64'), shared];
    expect(new Set((JSON.parse(tags) as { Tags: string[] }).Tags)).toEqual(
      new Set(releases.flatMap((release) => [release, `1.2.0-${release}`])),
    );
    expect(pushed).toHaveLength(2 * 2 * releases.length);
    for (const { reference, digest } of pushed) {
      const raw = await execa(
        'skopeo',
        ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`],
        { encoding: 'buffer', stripFinalNewline: false },
      );
      expect(`sha256:${sha256(raw.stdout)}`).toBe(digest);
    }
  });

  it('have both platforms where both have the release, and say what they are', async () => {
    const reference = `docker://${registry.address}/drivers/acme-consumer:${shared}`;
    const index = await run('skopeo', ['inspect', '--raw', '--tls-verify=false', reference]);
    const { manifests } = JSON.parse(index) as Document;
    expect(manifests.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
    for (const arch of ['amd64', 'arm64']) {
      const seen = JSON.parse(
        await run('skopeo', [
          ...['--override-arch', arch, 'inspect', '--tls-verify=false', reference],
        ]),
      );
      expect(seen).toMatchObject({
        Architecture: arch,
        Os: 'linux',
        Created: '2000-01-01T00:00:00Z',
        Labels: {
          'org.opencontainers.image.title': 'acme-consumer',
          'org.opencontainers.image.version': '1.2.0',
          'org.opencontainers.image.vendor': 'Acme Drivers',
          'org.opencontainers.image.licenses': 'GPL-2.0-only',
          'org.opencontainers.image.description': 'the consumer of Acme',
          'io.kbuild-ts.kernel-release': shared,
        },
      });
    }
  });

  it('give the operator their modules, as its pods take them, and modprobe finds these', async () => {
    const host = hostArch();
    const release = releaseOf(host.name);
    const image = `${registry.address}/drivers/acme-consumer:${release}`;
    const shared = temporaryDirectory();
    await run('docker', ['pull', '--quiet', image]);
    try {
      // The command of its init container (internal/pod/workerpodmanager.go).
      const copy = `\nmkdir -p /tmp/opt/lib/modules;\ncp -R /opt/lib/modules/${release} /tmp/opt/lib/modules;\n`;
      await run('docker', [
        ...['run', '--rm', '--network', 'none', '--volume', `${shared}:/tmp`],
        ...['--entrypoint', '/bin/sh', image, '-c', copy],
      ]);
    } finally {
      await run('docker', ['rmi', image]);
    }
    // What its worker runs, but for the loading.
    const shown = await run('modprobe', [
      ...['-d', join(shared, 'opt'), '-S', release, '--show-depends', 'consumer'],
    ]);
    const at = join(shared, 'opt/lib/modules', release, 'updates');
    expect(shown.split('\n').map((line) => line.trim())).toEqual([
      `insmod ${at}/exporter.ko`,
      `insmod ${at}/consumer.ko`,
    ]);
    const softdep = readFileSync(
      join(shared, 'opt/lib/modules', release, 'modules.softdep'),
      'utf8',
    );
    expect(softdep).toContain('softdep consumer pre: crc32c\n');
    const depmod = temporaryDirectory();
    const tree = join(depmod, 'lib/modules', release);
    execFileSync('cp', ['-R', join(shared, 'opt/lib'), depmod]);
    const ours = (name: string) => readFileSync(join(shared, 'opt/lib/modules', release, name));
    execFileSync('depmod', ['-b', depmod, release], { stdio: 'pipe' });
    for (const name of ['modules.dep', 'modules.alias', 'modules.symbols', 'modules.dep.bin']) {
      expect(readFileSync(join(tree, name)), name).toEqual(ours(name));
    }
  });

  it.each(['arm64', 'x86_64'])('give a node for %s what is built for it', async (name) => {
    const { oci, elf } = { x86_64: { oci: 'amd64', elf: 62 }, arm64: { oci: 'arm64', elf: 183 } }[
      name as 'arm64' | 'x86_64'
    ];
    const image = `${registry.address}/drivers/acme-consumer:${shared}`;
    const at = temporaryDirectory();
    await run('docker', ['pull', '--quiet', '--platform', `linux/${oci}`, image]);
    const id = await run('docker', ['create', '--platform', `linux/${oci}`, image]);
    try {
      await run('docker', ['cp', `${id}:/opt`, at]);
      await run('docker', ['cp', `${id}:/bin/busybox`, at]);
      await run('docker', ['cp', `${id}:/bin/sh`, at]);
    } finally {
      await run('docker', ['rm', id]);
      await run('docker', ['rmi', image]);
    }
    const updates = join(at, 'opt/lib/modules', shared, 'updates');
    const machine = (path: string) => readFileSync(path).readUInt16LE(18); // e_machine
    for (const path of ['exporter.ko', 'consumer.ko'].map((file) => join(updates, file))) {
      expect(machine(path)).toBe(elf);
    }
    expect(machine(join(at, 'busybox'))).toBe(elf);
    expect(execFileSync('readlink', [join(at, 'sh')], { encoding: 'utf8' })).toBe('busybox\n');
  });
});

describe('a registry that asks who pushes', () => {
  let closed: Registry;
  beforeAll(async () => {
    const directory = temporaryDirectory({ htpasswd });
    closed = await startEmptyRegistry(directory, join(directory, 'htpasswd'));
  });
  afterAll(() => {
    closed.stop();
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const push = (environment: Record<string, string>, lines: string[] = []) => {
    const whole = { HOME: temporaryDirectory(), ...environment };
    for (const [name, value] of Object.entries(whole)) vi.stubEnv(name, value);
    const to = `${closed.address}/drivers`;
    return inSession((session) => {
      const emit = (event: unknown) => void lines.push(JSON.stringify(event));
      return pushImages(files, { to, insecure: true }, { ...session, emit });
    });
  };

  const login = (password: string) =>
    temporaryDirectory({
      'config.json': JSON.stringify({
        auths: {
          [closed.address]: { auth: Buffer.from(`vendor:${password}`).toString('base64') },
          'other.example': { auth: 'c2VjcmV0OnNlY3JldA==' },
        },
      }),
    });

  it('takes what docker login has left, which shows nowhere', async () => {
    const lines: string[] = [];
    const images = await push({ DOCKER_CONFIG: login('open sesame') }, lines);
    expect(images).toHaveLength(pushed.length);
    expect(lines.join('\n')).toContain('Copying');
    expect(lines.join('\n')).not.toMatch(/sesame|dmVuZG9y/);
  });

  it('takes what a credential helper answers', async () => {
    const directory = temporaryDirectory({
      'docker-credential-acme': {
        program: `#!/bin/sh
read server
[ "$1 $server" = "get ${closed.address}" ] || { echo 'credentials not found in native keychain'; exit 1; }
echo '{"ServerURL":"x","Username":"vendor","Secret":"open sesame"}'
`,
      },
      'config.json': JSON.stringify({ auths: { [closed.address]: {} }, credsStore: 'acme' }),
    });
    const images = await push({
      DOCKER_CONFIG: directory,
      PATH: `${directory}:${process.env.PATH ?? ''}`,
    });
    expect(images).toHaveLength(pushed.length);
  });

  it('refuses a wrong password and nobody at all, which says what to do', async () => {
    for (const directory of [login('open barley'), temporaryDirectory()]) {
      const error = await kbuildErrorOf(() => push({ DOCKER_CONFIG: directory }));
      expect(error).toMatchObject({ code: 'REGISTRY_FAILED', exitStatus: 4 });
      expect(error.message).toMatch(/unauthorized|authentication required/);
      expect(error.message).not.toContain('barley');
      expect(error.hint).toContain('docker login');
    }
  });

  it('is not spoken to without TLS, unless that is asked for', async () => {
    const to = `${closed.address}/drivers`;
    const error = await kbuildErrorOf(() =>
      inSession((session) => pushImages(files, { to }, session)),
    );
    expect(error.code).toBe('REGISTRY_FAILED');
    expect(error.hint).toContain('--registry-insecure');
  });

  it('that is not there is an error', async () => {
    const to = 'localhost:9/drivers';
    const error = await kbuildErrorOf(() =>
      inSession((session) => pushImages(files, { to, insecure: true }, session)),
    );
    expect(error).toMatchObject({ code: 'REGISTRY_FAILED' });
    expect(error.message).toContain('connection refused');
  });
});
