import { readSmallText } from '../../storage/read-small-text.js';

/** The file that makes a directory a DKMS source. */
export const confName = 'dkms.conf';

/**
 * What dkms.conf says of itself as plain text, for names and for the order of jobs before it is
 * evaluated: only the build's container runs it, and what it says there is what counts.
 */
export interface ConfText {
  /** PACKAGE_NAME, where it is a literal. */
  name?: string;
  /** PACKAGE_VERSION, where it is a literal. */
  version?: string;
  /** The words on the lines that speak of BUILD_DEPENDS; undefined if none does. */
  dependencies?: string[];
}

/**
 * @param file absolute
 * @throws KbuildError DKMS_CONF_INVALID, FILE_UNREADABLE
 */
export function readConfText(file: string): ConfText {
  const text = readSmallText(file, 'DKMS_CONF_INVALID');
  const name = literal(text, 'PACKAGE_NAME');
  const version = literal(text, 'PACKAGE_VERSION');
  const dependencies = [...text.matchAll(/^[^#\n]*\bBUILD_DEPENDS\b(.*)$/gm)];
  return {
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(dependencies.length > 0 && {
      dependencies: dependencies.flatMap(([, words = '']) => words.match(/[\w.+~-]+/g) ?? []),
    }),
  };
}

function literal(text: string, directive: string): string | undefined {
  const assignment = new RegExp(
    `^[ \\t]*${directive}=(["']?)([\\w.+:~@-]+)\\1[ \\t]*(?:#.*)?\\r?$`,
    'm',
  );
  return assignment.exec(text)?.[2];
}
