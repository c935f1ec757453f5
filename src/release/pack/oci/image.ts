import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { tarball } from '../tarball.js';
import type { TreeEntry } from '../tree-entry.js';
import {
  addBlob,
  digestOf,
  jsonBytes,
  mediaTypes,
  type Annotations,
  type Blobs,
  type Descriptor,
} from './descriptor.js';

/** What an image for one platform is made of. */
export interface ImageContent {
  /** The architecture as OCI names it. */
  architecture: string;
  /** The files of each layer, sorted by path; the lowest first. */
  layers: readonly (readonly TreeEntry[])[];
  annotations: Annotations;
  /** Seconds since 1970. */
  epoch: number;
}

/** Makes an image for one platform: its blobs, and the descriptor of its manifest. */
export async function addImage(
  { architecture, layers, annotations, epoch }: ImageContent,
  blobs: Blobs,
): Promise<Descriptor> {
  const platform = { architecture, os: 'linux' } as const;
  const created = createdAt(epoch);
  const descriptors: Descriptor[] = [];
  const diffIds: string[] = [];
  for (const entries of layers) {
    const bytes = await tarball(entries, epoch);
    descriptors.push(addBlob(blobs, mediaTypes.layer, bytes));
    diffIds.push(digestOf(await promisify(gunzip)(bytes)));
  }
  const config = addBlob(
    blobs,
    mediaTypes.config,
    jsonBytes({
      created,
      ...platform,
      config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'], Labels: annotations },
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: descriptors.map(() => ({ created, created_by: 'kbuild-ts' })),
    }),
  );
  const manifest = addBlob(
    blobs,
    mediaTypes.manifest,
    jsonBytes({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config,
      layers: descriptors,
      annotations,
    }),
  );
  return { ...manifest, platform };
}

/** As RFC 3339 has it, which the specification asks for. */
export const createdAt = (epoch: number): string =>
  new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
