import { posix } from 'node:path';
import { z } from 'zod';
import { diagnosticSchema, dkmsRecordSchema } from '../artifact/manifest-schema.js';
import { printable } from '../errors/printable.js';
import { storeVersion, type StoredJob } from './job-store.js';

/** What the record of a stored job says. */
export type StoredRecord = Omit<StoredJob, 'directory'>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** As many as a build may give (artifact/collect). */
const mostModules = 20_000;

// A field that is added to StoredJob must be added here, or it does not compile.
const fields = {
  modules: z
    .array(
      z.strictObject({ path: z.string(), sha256, name: z.string().min(1).max(255).optional() }),
    )
    .max(mostModules),
  symversSha256: sha256,
  diagnostics: z.array(diagnosticSchema),
  imageId: z.string().max(1024),
  milliseconds: z.number().nonnegative(),
  dkms: dkmsRecordSchema.omit({ answers: true }).optional(),
  imported: z.literal(true).optional(),
} satisfies Record<keyof StoredRecord, z.ZodType>;

const schema = z.strictObject({ formatVersion: z.literal(storeVersion), ...fields });

/**
 * Reads the record of a stored job that anyone may have written.
 * @throws Error that says what is wrong with it
 */
export function parseStoredRecord(text: string): StoredRecord {
  const parsed = parseWith(schema, text);
  checkPaths(parsed.modules.map(({ path }) => path));
  const record = Object.entries(parsed).filter(([name]) => name !== 'formatVersion');
  return Object.fromEntries(record) as unknown as StoredRecord;
}

/** JSON of a shape; no text in it moves a cursor, colours or hides anything. */
export function parseWith<T extends z.ZodType>(shape: T, text: string): z.infer<T> {
  const value: unknown = JSON.parse(text, (name, part: unknown) => {
    for (const said of [name, part]) {
      if (typeof said === 'string' && printable(said) !== said) {
        throw new Error('it has control characters');
      }
    }
    return part;
  });
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = (issue?.path ?? []).map(String).join('.');
  throw new Error(where === '' ? issue?.message : `${where}: ${issue?.message}`);
}

/** Each a file below one directory, none in the way of another. */
function checkPaths(paths: readonly string[]): void {
  const seen = new Set(paths);
  if (seen.size !== paths.length) throw new Error('it names a module twice');
  for (const path of paths) {
    const parts = path.split('/');
    const isPlain =
      posix.normalize(path) === path && !path.startsWith('/') && !parts.includes('..');
    const isShort = path.length <= 1024 && parts.every((part) => Buffer.byteLength(part) < 256);
    if (!isPlain || !isShort || !path.endsWith('.ko')) {
      throw new Error(`it names a module '${path.slice(0, 60)}'`);
    }
    for (let at = 1; at < parts.length; at++) {
      if (!seen.has(parts.slice(0, at).join('/'))) continue;
      throw new Error(`it has a module where the directory of another must be: ${path}`);
    }
  }
}
