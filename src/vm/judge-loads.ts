import { explainErrno } from '../kernel/errno.js';
import type { ModuleResult, Reason } from './case-result.js';
import { kernelWords, quote } from './case-words.js';
import type { TestCase } from './test-case.js';

/** Modules that were refused, and the last one that was not where it should have been. */
export function loadReasons(
  { expect, loads }: TestCase,
  modules: readonly ModuleResult[],
): Reason[] {
  const last = loads.length - 1;
  return modules.flatMap((result, i) => {
    if (i === last && expect.refused !== undefined) return refusal(expect.refused, result);
    if (result.outcome !== 'refused') return [];
    return [
      { code: 'MODULE_REFUSED', text: `${result.module}: the kernel refused it: ${said(result)}` },
    ];
  });
}

function refusal(expected: string | true, result: ModuleResult): Reason[] {
  const { module, outcome, error } = result;
  const wanted = expected === true ? 'refused' : `refused with ${expected}`;
  if (outcome === 'loaded') {
    return [{ code: 'REFUSAL_MISSING', text: `${module}: it was to be ${wanted}, and was loaded` }];
  }
  if (error === undefined || expected === true || error === expected) return [];
  return [
    {
      code: 'REFUSAL_OTHER',
      text: `${module}: it was to be ${wanted}, and the kernel said ${said(result)}`,
    },
  ];
}

/** The error, with the kernel's own words where it has said some. */
function said({ module, error = '', messages }: ModuleResult): string {
  const words = kernelWords(messages, module).map(quote);
  return `${explainErrno(error)}${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
}
