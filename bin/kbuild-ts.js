#!/usr/bin/env node
import { statSync } from 'node:fs';
import module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
const main = new URL('../lib/bundle/main.js', import.meta.url);
const madeAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs;
const bundled = madeAt(main);
// Only where it is developed: the compiler alone has run since.
const compiled = madeAt(new URL('../lib/.tsbuildinfo', import.meta.url));
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`kbuild-ts needs Node 20.19 or later; this is ${process.version}.`);
  process.exitCode = 2;
} else if (bundled === undefined) {
  console.error("kbuild-ts is not compiled yet: run 'npm ci && npm run build' in its directory.");
  process.exitCode = 2;
} else if (compiled > bundled) {
  console.error("kbuild-ts is compiled, but not bundled: run 'npm run build' in its directory.");
  process.exitCode = 2;
} else {
  module.enableCompileCache?.(); // Node 22.8 and later start faster with it
  process.stdout.on('error', () => {}); // of the last write: nobody reads any more
  const { runCli } = await import(main.href);
  process.exitCode = await runCli(process.argv.slice(2));
}
