#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

module.enableCompileCache?.(); // Node 22.8 and later start faster with it

const main = new URL('../lib/cli/main.js', import.meta.url);
if (existsSync(main)) {
  const { runCli } = await import(main.href);
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  console.error("kbuild-ts is not compiled yet: run 'npm ci && npm run build' in its directory.");
  process.exitCode = 2;
}
