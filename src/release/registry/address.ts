import { KbuildError } from '../../errors/kbuild-error.js';

/** Where images are pushed to. */
export interface RegistryAddress {
  /** `registry.example:5000`; Docker's own where none is named. */
  host: string;
  /** The whole of it, without a slash at its end: `registry.example:5000/drivers`. */
  prefix: string;
}

/**
 * Takes apart what a user names as the place for images, by the rules of Docker: the first part is a
 * host if it has a dot or a port, or is `localhost`.
 * @throws KbuildError USAGE
 */
export function registryAddress(given: string): RegistryAddress {
  const prefix = given.replace(/^docker:\/\//, '').replace(/\/+$/, '');
  const [first = '', ...rest] = prefix.split('/');
  const named = /[.:]/.test(first) || first === 'localhost';
  const path = named ? rest : [first, ...rest];
  const host = named ? first : 'docker.io';
  const legal = path.every((part) => /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(part));
  if (legal && /^[A-Za-z0-9.-]+(?::\d+)?$/.test(host)) return { host, prefix };
  throw new KbuildError(
    'USAGE',
    `'${given}' is no place for images`,
    'Name a registry and a path in lower case: registry.example/drivers. Tags are made of the kernels.',
  );
}
