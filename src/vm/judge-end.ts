import type { CaseRecord } from './case-record.js';
import type { Reason } from './case-result.js';
import { placeOf, quote, secondsOf } from './case-words.js';
import type { TestCase } from './test-case.js';

/** That a case did not come to its end. */
export function endReasons({ timeoutMs }: TestCase, record: CaseRecord): Reason[] {
  const where = `${placeOf(record.at)}${repetition(record)}`;
  const last = record.tail.at(-1)?.text;
  const lastWords = last === undefined ? '' : `; the last that the kernel said: ${quote(last)}`;
  switch (record.end) {
    case 'completed':
      return [];
    case 'hang': {
      const limit = secondsOf(timeoutMs);
      const words = record.reports.length === 0 ? lastWords : ''; // they say where it is
      return [{ code: 'HANG', text: `it hung ${where}: no end after ${limit}${words}` }];
    }
    case 'flood':
      return [{ code: 'FLOOD', text: `the kernel log was flooded ${where}${lastWords}` }];
    case 'panic': {
      const title = record.reports.find(({ kind }) => kind === 'panic')?.title;
      const words = title === undefined ? lastWords : `: ${quote(title)}`;
      return [{ code: 'PANIC', text: `the kernel panicked ${where}${words}` }];
    }
    case 'lost':
      return [
        {
          code: 'VM_LOST',
          text: `the virtual machine ended ${where}, and nothing said why${lastWords}`,
        },
      ];
  }
}

/** Of many repetitions: in which one it was. */
const repetition = ({ repetitions }: CaseRecord): string =>
  repetitions > 1 ? `, after ${repetitions} repetitions` : '';
