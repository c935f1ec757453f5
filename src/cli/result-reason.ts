import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';

/** A kernel that was named, and that nothing could be built for. */
export type UnusableKernel = NonNullable<Manifest['unusable']>[number];

/** What an error says in two or three words, for a row of a table: of its code. */
export function shortReason({ code, message }: NonNullable<JobRecord['error']>): string {
  // Each line of its message is a verdict, `<module>.ko: <check>: <detail>`.
  const checks = [...message.matchAll(/^\S+\.ko: (\w+): /gm)].map(([, check = '']) => check);
  if (code === 'VERIFY_FAILED' && checks.length > 0) return [...new Set(checks)].join(', ');
  if (code === 'INTERRUPTED') return 'not run';
  if (code === 'DKMS_EXCLUDED') return /BUILD_EXCLUSIVE_\w+/.exec(message)?.[0] ?? 'excluded';
  return code
    .replace(/^BUILD_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}
