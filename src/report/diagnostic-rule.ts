import type { DistinctDiagnostic } from './distinct-diagnostics.js';

/** What diagnostics have in common that one option of a compiler switches. */
export interface DiagnosticRule {
  id: string;
  description: string;
  level: 'error' | 'warning';
}

/**
 * The rule of a diagnostic: the warning that its option switches, whether or not it was made an error.
 * GCC prints `-Werror=format=` then, Clang `-Werror,-Wformat`.
 */
export function ruleOf({ flag, severity }: DistinctDiagnostic): DiagnosticRule {
  const option = flag
    ?.split(',')
    .at(-1)
    ?.replace(/^-Werror=/, '-W')
    .replace(/=$/, '');
  if (option === undefined || option === '-Werror') {
    return severity === 'error'
      ? { id: 'compile-error', description: 'What cannot be compiled', level: 'error' }
      : {
          id: 'compile-warning',
          description: 'A warning that no option switches',
          level: 'warning',
        };
  }
  return { id: option, description: `What ${option} warns of`, level: 'warning' };
}
