import { normaliseAlias } from '../depmod/alias-pattern.js';
import { wrappedLines } from '../wrapped-lines.js';
import { parseSoftdep, type SoftDependencies } from './softdep.js';

/** A file of modprobe.d. */
export interface ModprobeFile {
  path: string;
  text: string;
}

/** A line for a module; where the line may name several, `module` is a pattern of the shell. */
export interface ModuleLine<Value> {
  readonly module: string;
  readonly value: Value;
}

/** A line that modprobe does not know. */
export interface ModprobeWarning {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** What modprobe.d says. Names are as the kernel writes them, with `_`; all is in modprobe's order. */
export interface ModprobeConfig {
  /** `alias` is a pattern of the shell. */
  readonly aliases: readonly { readonly alias: string; readonly module: string }[];
  /** By the name of a module, or by an alias of `aliases`. */
  readonly options: readonly ModuleLine<string>[];
  readonly blacklist: readonly string[];
  /** By pattern; `file` is the name of the file that says so, without its directory. */
  readonly softdeps: readonly (ModuleLine<SoftDependencies> & { readonly file: string })[];
  /** Since kmod 33, for those who make initramfs images: modprobe itself loads none of them. By pattern. */
  readonly weakdeps: readonly ModuleLine<readonly string[]>[];
  /** Shell commands that stand for the loading and unloading of modules. By pattern. */
  readonly install: readonly ModuleLine<string>[];
  readonly remove: readonly ModuleLine<string>[];
  readonly warnings: readonly ModprobeWarning[];
}

/**
 * Reads the files of modprobe.d(5) as kmod 30 does, and `weakdep` of later ones. They are taken in
 * the order of their names, wherever they lie; of several with one name the first one given counts.
 */
export function parseModprobeConfig(files: readonly ModprobeFile[]): ModprobeConfig {
  const byName = new Map<string, ModprobeFile>();
  for (const file of files) {
    const name = fileName(file.path);
    if (!byName.has(name)) byName.set(name, file);
  }
  const config = new Lines();
  const names = [...byName.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const { path, text } = byName.get(name) ?? { path: name, text: '' };
    for (const { text: line, line: number } of wrappedLines(text)) {
      const problem = config.add(line, name);
      if (problem !== undefined) config.warnings.push({ path, line: number, message: problem });
    }
  }
  return config;
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `-` is `_`, but for brackets of a pattern. */
const underscored = (name: string): string => normaliseAlias(name) ?? name;

/** The next word of a line, and what follows it after one blank, as strtok_r(3) parts them. */
function nextWord(text: string): { word: string; rest: string } | undefined {
  const [, word, rest = ''] = /^[\t ]*([^\t ]+)(?:[\t ]([^]*))?$/.exec(text) ?? [];
  return word === undefined ? undefined : { word, rest };
}

class Lines implements ModprobeConfig {
  readonly aliases: { alias: string; module: string }[] = [];
  readonly options: ModuleLine<string>[] = [];
  readonly blacklist: string[] = [];
  readonly softdeps: (ModuleLine<SoftDependencies> & { file: string })[] = [];
  readonly weakdeps: ModuleLine<readonly string[]>[] = [];
  readonly install: ModuleLine<string>[] = [];
  readonly remove: ModuleLine<string>[] = [];
  readonly warnings: ModprobeWarning[] = [];

  /** Takes a line; gives what is wrong with it. */
  add(line: string, file: string): string | undefined {
    const command = line.startsWith('#') ? undefined : nextWord(line);
    if (command === undefined) return undefined;
    const subject = nextWord(command.rest);
    const module = underscored(subject?.word ?? '');
    const rest = subject?.rest ?? '';
    const incomplete = (wanted: string) => `'${command.word}' needs ${wanted}: the line is ignored`;
    switch (command.word) {
      case 'alias': {
        const target = nextWord(rest);
        if (target === undefined) return incomplete('an alias and a module');
        this.aliases.push({ alias: module, module: underscored(target.word) });
        return undefined;
      }
      case 'blacklist':
        if (module === '') return incomplete('a module');
        this.blacklist.push(module);
        return undefined;
      case 'options':
        if (rest === '') return incomplete('a module and its options');
        this.options.push({ module, value: rest.replaceAll('\t', ' ') });
        return undefined;
      case 'install':
      case 'remove':
        if (rest === '') return incomplete('a module and a command');
        this[command.word].push({ module, value: rest });
        return undefined;
      case 'softdep':
        if (rest === '') return incomplete('a module, and others after pre: or post:');
        this.softdeps.push({ module, value: parseSoftdep(rest), file });
        return undefined;
      case 'weakdep': {
        const weak = rest.split(/\s+/).filter((word) => word !== '');
        if (weak.length === 0) return incomplete('a module and others');
        this.weakdeps.push({ module, value: weak });
        return undefined;
      }
      case 'include':
      case 'config':
        return `modprobe knows '${command.word}' no more: the line is ignored`;
      default:
        return `modprobe knows no '${command.word}': the line is ignored`;
    }
  }
}

/** The configuration of a project that has none. */
export const noModprobeConfig: ModprobeConfig = parseModprobeConfig([]);
