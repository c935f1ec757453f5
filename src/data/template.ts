import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import { packageRoot } from './package-root.js';

/** The text that a file of `templates/` gives with these values; no more than one empty line in a row. */
export function renderTemplate(template: string, data: object): string {
  const text = readFileSync(join(packageRoot, 'templates', template), 'utf8');
  const eta = new Eta({ autoEscape: false, autoTrim: [false, 'nl'] });
  return eta.renderString(text, data).replaceAll(/\n{3,}/g, '\n\n');
}
