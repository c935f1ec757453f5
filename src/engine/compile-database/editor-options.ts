import { readFolder } from '../../data/folder.js';

/** What an editor's compiler is told, as `toolchains/editor/<name>.yaml` describes it. */
export interface EditorOptions {
  name: string;
  /** Patterns of options that no editor has a use for; `*` stands for any text, `[…]` for one of these. */
  never: string[];
  /** Patterns of options that are GCC's. */
  gcc: string[];
  /** Options that come after all others. */
  add: string[];
}

/** All editors of `toolchains/editor/`. */
export const allEditors = (): EditorOptions[] => readFolder<EditorOptions>('toolchains/editor');

/** Tells the options that are left out of a compile by a toolchain of this family, and why. */
export function leftOut(
  { never, gcc }: EditorOptions,
  family: 'gcc' | 'clang',
): (option: string) => 'no use' | 'GCC' | undefined {
  const useless = matcher(never);
  const foreign = family === 'gcc' ? matcher(gcc) : undefined;
  return (option) =>
    useless.test(option) ? 'no use' : foreign?.test(option) === true ? 'GCC' : undefined;
}

function matcher(patterns: readonly string[]): RegExp {
  const sources = patterns.map((pattern) =>
    pattern.replaceAll(/[.+?^${}()|\\]/g, '\\$&').replaceAll('*', '.*'),
  );
  return new RegExp(`^(?:${sources.join('|')})$`, 's');
}
