import { describe, expect, it } from 'vitest';
import { runnerCommands } from '../../../test/support/runner-commands.js';
import { workflowCommand } from './workflow-command.js';

describe('workflowCommand', () => {
  it('is written as GitHub documents it', () => {
    expect(workflowCommand('error', { file: 'a.c', line: 3, title: 't' }, 'no')).toBe(
      '::error file=a.c,line=3,title=t::no',
    );
    expect(workflowCommand('warning', { file: undefined }, '50% of\na, b: c\r')).toBe(
      '::warning::50%25 of%0Aa, b: c%0D',
    );
    expect(workflowCommand('error', { file: 'a,b:c%3A\n.c' }, '')).toBe(
      '::error file=a%2Cb%3Ac%253A%0A.c::',
    );
  });

  it('is read by the runner as what was meant, whatever is in it', () => {
    const texts = ['::error::x', 'a\n::error::b', '%0A', '%250A', 'x,line=9', '##[error]x', ' = '];
    for (const text of texts) {
      const line = workflowCommand('warning', { file: text, line: 1 }, text);
      expect(runnerCommands(line)).toEqual([
        { name: 'warning', properties: { file: text, line: '1' }, data: text },
      ]);
    }
  });
});
