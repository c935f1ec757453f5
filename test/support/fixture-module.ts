import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const fixtureModules = ['consumer-arm64', 'exporter-x86_64', 'params-x86_64'] as const;

export type FixtureModule = (typeof fixtureModules)[number];

/** Where a module of `test/fixtures/modules/` lies. */
export function fixtureModulePath(name: FixtureModule): string {
  return fileURLToPath(new URL(`../fixtures/modules/${name}.ko`, import.meta.url));
}

export function fixtureModule(name: FixtureModule): Buffer {
  return readFileSync(fixtureModulePath(name));
}
