import type { JobResult } from '../engine/job-result.js';
import type { ErrorReport } from '../errors/kbuild-error.js';

/**
 * Results of which no two give the same file: only a build shows what a project's own Makefile, or a
 * dkms.conf, makes. Jobs that would write the same have failed, all of them: neither is the right one.
 */
export function withoutCollisions(results: readonly JobResult[]): JobResult[] {
  const makers = new Map<string, JobResult[]>();
  for (const result of results) {
    for (const { artifact } of result.modules) {
      makers.set(artifact.path, [...(makers.get(artifact.path) ?? []), result]);
    }
  }
  return results.map((result) => {
    const shared = result.modules.find(({ artifact }) => makers.get(artifact.path)?.length !== 1);
    if (shared === undefined) return result;
    const { path } = shared.artifact;
    const others = (makers.get(path) ?? []).filter((other) => other !== result);
    return { ...result, status: 'failed', modules: [], error: collision(path, others) };
  });
}

const collision = (path: string, others: readonly JobResult[]): ErrorReport => ({
  code: 'PLAN_OUTPUT_COLLISION',
  message:
    others.length === 0
      ? `it has made ${path} twice: one would be lost`
      : `${others.map(({ job }) => job.id).join(', ')} has made ${path} too: one would be lost`,
  hint: 'Build them in two runs with different --out directories, or rename a module.',
});
