import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../data/package-root.js';
import { commands, type CommandTree } from './commands/index.js';

const text = readFileSync(join(packageRoot, 'docs/commands.md'), 'utf8');

function all(tree: CommandTree, prefix = ''): [string, Record<string, unknown>][] {
  return Object.entries(tree).flatMap(([name, entry]) =>
    'usage' in entry
      ? [[`${prefix}${name}`, entry.options as Record<string, unknown>]]
      : all((entry as { commands: CommandTree }).commands, `${prefix}${name} `),
  );
}

describe('docs/commands.md', () => {
  it.each(all(commands))('describes %s and its options', (name, options) => {
    expect(text).toMatch(new RegExp(`^##.*\\b${name}\\b`, 'm'));
    for (const option of Object.keys(options)) {
      const written = option.length === 1 ? `-${option}` : `--${option}`;
      expect(text).toContain(`\`${written}\``);
    }
  });
});
