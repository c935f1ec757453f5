import type { Manifest } from '../artifact/manifest-schema.js';
import type { PlanRequest } from './plan.js';

/**
 * What a manifest keeps of a command line, so that its jobs can be planned again. What names a file of
 * this machine (sources, KDIRs, keys) is not in it.
 */
export function recordedOptions(request: PlanRequest): NonNullable<Manifest['options']> {
  const { runtime, prepare, warnings, check, buildDeps = [], dkms } = request;
  const directives = dkms?.directives ?? [];
  return {
    runtime,
    prepare,
    ...(warnings !== undefined && { warnings }),
    ...(check !== undefined && { check }),
    ...(buildDeps.length > 0 && { buildDeps }),
    ...(directives.length > 0 && { directives }),
  };
}
