import { createHash } from 'node:crypto';

/** Media types of the OCI image specification 1.0. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** The key by which index.json of a layout names what it holds (image-spec, image-layout.md). */
export const refName = 'org.opencontainers.image.ref.name';

export type Annotations = Record<string, string>;

/** What names a blob by its content (image-spec, descriptor.md). */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  platform?: { architecture: string; os: 'linux' };
  annotations?: Annotations;
}

/** `sha256:<hex>` */
export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Blobs by their digest: what several images hold is there once. */
export type Blobs = Map<string, Uint8Array>;

/** Adds a blob. */
export function addBlob(blobs: Blobs, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = digestOf(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

/** A document as it lies in a blob: its keys stay in their order. */
export const jsonBytes = (document: object): Buffer => Buffer.from(JSON.stringify(document));
