import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { JitiOptions } from 'jiti';

let inThreads = false;

/**
 * From now on a program is run anew each time it is asked for, and all that it imports with it: Node
 * keeps these files for as long as a thread lives. For a process that lives longer than one run.
 */
export function runConfigsAnew(): void {
  inThreads = true;
}

/**
 * What a configuration that is a program exports by default.
 * @throws whatever the program throws
 */
export async function runConfig(file: string): Promise<unknown> {
  if (inThreads) return runInThread(file);
  const { createJiti } = await import('jiti');
  return createJiti(pathToFileURL(file).href, options()).import(file, { default: true });
}

const options = (): JitiOptions => ({
  // `import { defineConfig } from 'kbuild-ts'` works wherever kbuild-ts is installed.
  alias: { 'kbuild-ts': new URL('./define-config.js', import.meta.url).pathname },
  moduleCache: false,
  fsCache: false, // it would be in the node_modules of the project
});

const thread = `
const { parentPort, workerData: { jiti, file, options } } = require('node:worker_threads');
require(jiti).createJiti(file, options).import(file, { default: true })
  .then((value) => parentPort.postMessage(value));`;

function runInThread(file: string): Promise<unknown> {
  const jiti = createRequire(import.meta.url).resolve('jiti');
  const worker = new Worker(thread, { eval: true, workerData: { jiti, file, options: options() } });
  return new Promise<unknown>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('messageerror', reject);
    worker.once('error', reject);
    worker.once('exit', (status) => {
      reject(new Error(`it ended the program, with status ${status}`));
    });
  }).finally(() => worker.terminate());
}
