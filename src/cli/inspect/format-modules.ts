import { ModuleFiles } from '../../artifact/module-file.js';
import { fieldValues, isSymbolField, summaryFieldValues } from '../../artifact/module-fields.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { inspectFile, summariseFile } from '../../workflow/inspect.js';
import { styleFor } from '../style.js';
import { formatModule, formatSummary } from './module-view.js';

/** How modules are to be shown. */
export type ModuleFormat =
  | { kind: 'json' }
  | { kind: 'field'; field: string }
  /** For people, in lines of so many characters; without symbols and sections, unless all is asked. */
  | { kind: 'text'; width: number; all: boolean };

/** A run of modules, shown. */
export interface FormattedModules {
  /** One text for each module that could be read. */
  texts: string[];
  errors: KbuildError[];
}

/** Modules whose texts are handed on at once: they fit into a pipe, so that its reader works on
 * them while the next ones are read. */
const runLength = 32;

/** Reads modules one after the other and formats them, in runs; an error does not end it. */
export async function* formatModules(
  paths: readonly string[],
  format: ModuleFormat,
): AsyncGenerator<FormattedModules> {
  const files = new ModuleFiles();
  const toText = formatterOf(format);
  for (let at = 0; at < paths.length; at += runLength) {
    const run: FormattedModules = { texts: [], errors: [] };
    for (const path of paths.slice(at, at + runLength)) {
      try {
        run.texts.push(await toText(path, files));
      } catch (error) {
        if (!(error instanceof KbuildError)) throw error;
        run.errors.push(error);
      }
    }
    yield run;
  }
}

type Formatter = (path: string, files: ModuleFiles) => Promise<string>;

function formatterOf(format: ModuleFormat): Formatter {
  if (format.kind === 'json') {
    return async (path, files) => JSON.stringify(await inspectFile(path, files));
  }
  if (format.kind === 'field') {
    const { field } = format;
    return async (path, files) =>
      (isSymbolField(field)
        ? fieldValues(await inspectFile(path, files), field)
        : summaryFieldValues(await summariseFile(path, files), field)
      )
        .map((value) => `${value}\n`)
        .join('');
  }
  const style = styleFor(process.stdout);
  const { all, width } = format;
  return async (path, files) =>
    all
      ? formatModule(await inspectFile(path, files), style, width)
      : formatSummary(await summariseFile(path, files), style);
}
