import { readFileSync } from 'node:fs';
import type { Plugin } from 'rolldown';

/** dockerode's and docker-modem's own `require`. */
const dockerode = "createRequire(require.resolve('dockerode'))";
const modem = `createRequire(${dockerode}.resolve('docker-modem'))`;

/** A module in CommonJS whose function is loaded from where it is installed by the first call. */
const installed = (owner: string, file: string): string =>
  `const { createRequire } = require('node:module');
module.exports = (...args) => ${owner}('./${file}')(...args);\n`;

/**
 * Parts of packages that look for files beside their own, or are slow to load and hardly ever used:
 * they stay where they are installed.
 */
const replaced: [path: RegExp, replace: (code: string) => string][] = [
  // BuildKit and its sessions, by gRPC: kbuild-ts makes its images without them.
  [/\/dockerode\/lib\/session\.js$/, () => installed(dockerode, 'session')],
  [
    /\/dockerode\/lib\/buildkit\.js$/,
    () => `const { createRequire } = require('node:module');
exports.followProgress = (...args) => ${dockerode}('./buildkit').followProgress(...args);\n`,
  ],
  // ssh2 has native parts; only an engine at ssh:// needs it.
  [/\/docker-modem\/lib\/ssh\.js$/, () => installed(modem, 'ssh')],
  // Its translations lie beside it.
  [
    /\/yargs\/lib\/platform-shims\/esm\.mjs$/,
    (code) => {
      const own = 'fileURLToPath(import.meta.url)';
      if (code.split(own).length !== 2) throw new Error('yargs looks for its files in another way');
      const place = "resolve(fileURLToPath(import.meta.resolve('yargs')), '..')";
      return code.replace(own, `resolve(${place}, 'lib/platform-shims/esm.mjs')`);
    },
  ],
];

/** What yargs needs only to print help, with its tables of Unicode. */
const onlyForHelp = /^(cliui|string-width)$/;
const late = '\0late:';

/** Makes packages work from a bundle, and quick to load. */
export function bundledPackages(): Plugin {
  const unused = new Set(replaced);
  return {
    name: 'bundled-packages',
    resolveId: {
      filter: { id: onlyForHelp },
      async handler(source, importer) {
        if (importer?.includes('/yargs/lib/platform-shims/') !== true) return undefined;
        const resolved = await this.resolve(source, importer);
        return resolved && `${late}${resolved.id}`;
      },
    },
    load(id) {
      if (id.startsWith(late)) {
        const path = JSON.stringify(id.slice(late.length));
        return `export default (...args) => {
  const loaded = require(${path});
  return (typeof loaded === 'function' ? loaded : loaded.default)(...args);
};\n`;
      }
      const found = replaced.find(([path]) => path.test(id));
      if (found === undefined) return undefined;
      unused.delete(found);
      return found[1](readFileSync(id, 'utf8'));
    },
    transform(code, id) {
      // yargs has a name of its own for what was replaced above.
      const isOwn = /\bconst __dirname = /.test(code);
      if (isOwn || !/\b__(dirname|filename)\b/.test(code)) return;
      throw new Error(
        `${id} looks for files beside itself: ${import.meta.filename} says what to do`,
      );
    },
    buildEnd(error) {
      const [first] = unused;
      if (error === undefined && first !== undefined) {
        throw new Error(`there is no ${first[0].source} any more: what took its place?`);
      }
    },
  };
}
