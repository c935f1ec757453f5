/** Whether a path is a directory's own, or lies below it. Both absolute and without `..`. */
export const isBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
