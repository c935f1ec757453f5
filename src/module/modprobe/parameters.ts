/**
 * The parameters in a text of options, each as the kernel takes it, quotes included: blanks part
 * them, but for those between double quotes (lib/cmdline.c, next_arg).
 */
export function splitParameters(options: string): string[] {
  return options.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

/** A parameter that is given as one word, in quotes where its value has a blank (modprobe does the same). */
export function quoteParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  const value = parameter.slice(equals + 1);
  if (equals === -1 || /^["']/.test(value) || !value.includes(' ')) return parameter;
  return `${parameter.slice(0, equals)}="${value}"`;
}
