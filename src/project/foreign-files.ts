/** Directories of version control and of other tools (clangd keeps its index in .cache), wherever they lie. */
const directories = ['.git', '.svn', '.hg', 'node_modules', '.tmp_versions', '.cache'];

const inDirectory = new RegExp(
  `(^|/)(${directories.map((name) => name.replaceAll('.', '\\.')).join('|')})(/|$)`,
);

/**
 * What editors leave beside a file: the database for clangd, backups (`x.c~`, `#x.c#`), Vim's swap
 * files (`.x.c.swp`) and the file by which it tries a directory (`4913`), Emacs' locks (`.#x.c`).
 */
const ofEditors = /(^|\/)(compile_commands\.json|[^/]*~|\.[^/]*\.sw[a-z]|\.#[^/]*|#[^/]*#|4913)$/;

/**
 * Whether a path is never part of a source: version control, other tools' dependencies, what editors
 * keep. A save in an editor must not change what a project is.
 * @param path relative to the project's directory
 */
export const isForeign = (path: string): boolean => inDirectory.test(path) || ofEditors.test(path);
