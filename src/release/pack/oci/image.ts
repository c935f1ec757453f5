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

/** A layer of images. */
export interface Layer {
  bytes: Uint8Array;
  /** Digest of the archive before it was compressed. */
  diffId: string;
}

/** @param entries sorted by path */
export async function layerOf(entries: readonly TreeEntry[], epoch: number): Promise<Layer> {
  const bytes = await tarball(entries, epoch);
  return { bytes, diffId: digestOf(await promisify(gunzip)(bytes)) };
}

/** What an image for one platform is made of. */
export interface ImageContent {
  /** The architecture as OCI names it. */
  architecture: string;
  /** The lowest first. */
  layers: readonly Layer[];
  annotations: Annotations;
  /** Seconds since 1970. */
  epoch: number;
}

/** Makes an image for one platform: its blobs, and the descriptor of its manifest. */
export function addImage(
  { architecture, layers, annotations, epoch }: ImageContent,
  blobs: Blobs,
): Descriptor {
  const platform = { architecture, os: 'linux' } as const;
  const created = createdAt(epoch);
  const descriptors = layers.map(({ bytes }) => addBlob(blobs, mediaTypes.layer, bytes));
  const config = addBlob(
    blobs,
    mediaTypes.config,
    jsonBytes({
      created,
      ...platform,
      config: { Env: ['PATH=/bin'], Cmd: ['/bin/sh'], Labels: annotations },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
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
