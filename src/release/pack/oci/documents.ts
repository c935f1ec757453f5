import { z } from 'zod';
import { mediaTypes } from './descriptor.js';

/** What is read of the documents of a layout (image-spec 1.0). */
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const descriptor = <T extends string>(mediaType: T) =>
  z.object({
    mediaType: z.literal(mediaType),
    digest,
    size: z.number().int().nonnegative(),
    annotations: z.record(z.string(), z.string()).optional(),
  });

const platform = z.object({ architecture: z.string(), os: z.literal('linux') });

export const layoutDocument = z.object({ imageLayoutVersion: z.literal('1.0.0') });

/** index.json: each entry an index by a name. */
export const refsDocument = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(descriptor(mediaTypes.index)),
});

/** An index: one manifest for each platform. */
export const indexDocument = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(mediaTypes.index),
  manifests: z.array(descriptor(mediaTypes.manifest).extend({ platform })),
});

export const manifestDocument = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(mediaTypes.manifest),
  config: descriptor(mediaTypes.config),
  layers: z.array(descriptor(mediaTypes.layer)),
});

export const configDocument = platform.extend({
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(digest) }),
});

export type LayoutDescriptor = z.infer<ReturnType<typeof descriptor<string>>>;
