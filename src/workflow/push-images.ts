import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { prepare } from '../events/prepare.js';
import { suiteByName } from '../kernel/suite.js';
import type { ReleaseFile } from '../release/pack/format.js';
import { LayoutReader } from '../release/pack/oci/layout-reader.js';
import { layoutRoots } from '../release/pack/oci/unpack-layouts.js';
import { writeEntries } from '../release/pack/write-entries.js';
import { registryAddress } from '../release/registry/address.js';
import { registryCredentials } from '../release/registry/credentials.js';
import { pushFailed } from '../release/registry/push-failed.js';
import { pushScript, type Push } from '../release/registry/push-script.js';
import type { Mount } from '../runtime/port.js';
import type { Session } from './session.js';

export interface PushRequest {
  /** Where images go: `registry.example/drivers` gives `registry.example/drivers/<name>:<tag>`. */
  to: string;
  /** Take a registry without TLS, or with a certificate that nobody vouches for. */
  insecure?: boolean;
}

/** An image that a registry has. */
export interface PushedImage {
  /** `registry.example/drivers/ring:6.1.0-56-amd64` */
  reference: string;
  /** Of its index, as the registry gives it back. */
  digest: string;
}

/** The suite whose skopeo is used. */
const suite = 'bookworm';
const setup =
  'apt-get update && apt-get install -y --no-install-recommends ca-certificates skopeo && rm -rf /var/lib/apt/lists/*';

const authTarget = '/run/kbuild-ts-auth.json';
/** Where a machine has the certificates of its registries (containers-certs.d(5)). */
const certificates = ['/etc/docker/certs.d', '/etc/containers/certs.d'];

/**
 * Pushes all images of OCI layouts, each by all its tags, and reads back what the registry has then.
 * The tags that move are pushed last.
 * @param files what the format `oci` made; others are left alone
 * @throws KbuildError REGISTRY_FAILED, USAGE, PACKAGE_FAILED, ENGINE_*, IMAGE_*
 */
export async function pushImages(
  files: readonly ReleaseFile[],
  request: PushRequest,
  session: Session,
): Promise<PushedImage[]> {
  const address = registryAddress(request.to);
  const layouts = files.filter(({ path }) => path.startsWith('oci/'));
  const pushes = pushesOf(layouts, address.prefix);
  if (pushes.length === 0) return [];
  const directory = join(session.scratch, `push-${++pushCount}`);
  try {
    await writeEntries(
      layouts.map(({ path, bytes }) => ({ path, content: bytes, executable: false })),
      join(directory, 'layouts'),
    );
    const mounts: Mount[] = [
      { source: join(directory, 'layouts/oci'), target: '/layouts' },
      ...certificates.filter(existsSync).map((path) => ({ source: path, target: path })),
    ];
    const credentials = await registryCredentials(address.host);
    if (credentials !== undefined) {
      const source = join(directory, 'auth.json');
      await writeFile(source, credentials, { mode: 0o600 });
      mounts.push({ source, target: authTarget });
    }
    const script = pushScript(pushes, {
      insecure: request.insecure === true,
      ...(credentials !== undefined && { authFile: authTarget }),
    });
    const digests = await runSkopeo(address.prefix, script, mounts, session);
    return pushes.map(({ reference, digest }, i) => {
      if (digests[i] === digest) return { reference, digest };
      throw new KbuildError(
        'REGISTRY_FAILED',
        `${reference} is ${digests[i] ?? 'not there'} in the registry, and ${digest} was pushed`,
        'Somebody else pushes the same tag, or the registry changes what it is given.',
      );
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

let pushCount = 0;

/** In the order of the layouts, in which the tags that move come last. */
function pushesOf(layouts: readonly ReleaseFile[], prefix: string): Push[] {
  return [...layoutRoots(layouts)].flatMap((root) => {
    const name = root.slice('oci/'.length);
    return new LayoutReader(root, layouts).refs().map(({ name: tag, descriptor: { digest } }) => ({
      source: `oci:/layouts/${name}:${tag}`,
      reference: `${prefix}/${name}:${tag}`,
      digest,
    }));
  });
}

/** Runs the script where there are a network and skopeo; gives the digests that it prints. */
async function runSkopeo(
  to: string,
  script: string,
  mounts: Mount[],
  { emit, provider }: Session,
): Promise<string[]> {
  const title = `images to ${to}`;
  return prepare(emit, title, async (onLine) => {
    const lines: string[] = [];
    const image = { name: 'skopeo', suite: suiteByName(suite), setup };
    const outcome = await provider.runInImage(image, {
      title,
      script,
      mounts,
      onLine: (line) => {
        lines.push(line);
        onLine(line);
      },
    });
    if (outcome.end === 'exited' && outcome.exitCode === 0) {
      const digests = outcome.stdout.toString().match(/^[0-9a-f]{64}\b/gm) ?? [];
      return digests.map((hash) => `sha256:${hash}`);
    }
    throw pushFailed(to, outcome.end === 'exited' ? lines : [outcome.end]);
  });
}
