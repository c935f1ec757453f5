import { explainErrno } from '../kernel/errno.js';
import type { CaseRecord, RequestRecord } from './case-record.js';
import type { ModuleResult, Reason } from './case-result.js';
import { kernelWords, quote } from './case-words.js';
import type { TestCase } from './test-case.js';

/** Modules that were refused, and the last one that was not where it should have been. */
export function loadReasons(
  { expect, loads }: TestCase,
  modules: readonly ModuleResult[],
  { requests }: CaseRecord,
): Reason[] {
  const last = loads.length - 1;
  if (last < 0 && expect.refused !== undefined) {
    return [{ code: 'REFUSAL_MISSING', text: 'there was nothing to load that could be refused' }];
  }
  return modules.flatMap((result, i) => {
    if (i === last && expect.refused !== undefined) return refusal(expect.refused, result);
    if (result.outcome !== 'refused') return [];
    const { module } = result;
    const asked = unknownTo(requests.filter(({ during }) => during === module));
    const text = `${module}: the kernel refused it: ${said(result)}${asked}`;
    return [{ code: 'MODULE_REFUSED', text }];
  });
}

function refusal(expected: string | true, result: ModuleResult): Reason[] {
  const { module, outcome, error } = result;
  const wanted = wantedOf(expected);
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

function wantedOf(expected: string | true): string {
  if (expected === true) return 'refused';
  return expected === 'blacklisted' ? 'kept out by the blacklist' : `refused with ${expected}`;
}

/** So many names are told of; the record has all. */
const shownRequests = 3;

/** What the kernel asked for meanwhile and nobody is called. */
function unknownTo(requests: readonly RequestRecord[]): string {
  const unknown = requests.filter(({ isUnknown }) => isUnknown).map(({ name }) => name);
  // The crypto layer asks for a thing, and then for all that could replace it.
  const names = [...new Set(unknown.map((name) => name.replace(/^(crypto-.*)-all$/, '$1')))];
  if (names.length === 0) return '';
  const more = names.length - shownRequests;
  const list = names.slice(0, shownRequests).map(quote).join(', ');
  return `; it had the kernel ask for ${list}${more > 0 ? ` and ${more} others` : ''}, of which there is no module here`;
}

/** The error, with the kernel's own words where it has said some. */
function said({ module, error = '', messages }: ModuleResult): string {
  const words = kernelWords(messages, module).map(quote);
  return `${explainErrno(error)}${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
}
