import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { artifactsOf, build } from '../support/cli.js';
import {
  addToDkms,
  buildWithDkms,
  debMount,
  moduleFacts,
  type ModuleFacts,
} from '../support/dkms-build.js';
import { dkmsContainer } from '../support/dkms-container.js';
import { corpusModules, dkmsCorpus } from '../support/dkms-corpus.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe("the same DKMS packages, built by kbuild-ts and by Debian's dkms for x86_64", () => {
  let ours: Map<string, ModuleFacts>;
  let theirs: Map<string, ModuleFacts>;

  beforeAll(async () => {
    const debs = await dkmsCorpus();
    const container = await dkmsContainer('bookworm');
    const byDkms = temporaryDirectory();
    const script = `${addToDkms(debs)} &&
{ ${buildWithDkms}
} && cp /var/lib/dkms/*/*/"$KERNEL"/*/module/*.ko /out`;
    const mounts = [debMount(debs), { source: byDkms, target: '/out', writable: true }];
    const run = await container.run(script, { mounts });
    expect(run.exitCode, run.stdout + run.stderr).toBe(0);
    theirs = await moduleFacts(byDkms, container);

    const output = temporaryDirectory();
    const kernel = ['--kernel', `debian:bookworm/${container.kernel}`, '--arch', 'x86_64'];
    const result = await build([...debs.values(), ...kernel, '--out', output]);
    expect(result.exitCode, result.stderr).toBe(0);
    const facts = await moduleFacts(output, container);
    ours = new Map(
      artifactsOf(result.document).map(({ path }) => [basename(path), facts.get(path)!]),
    );
  });

  it('are the same modules', () => {
    expect([...theirs.keys()].sort()).toEqual(corpusModules.map((name) => `${name}.ko`).sort());
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  });

  it.each(corpusModules)('%s is the same to a kernel', (name) => {
    const [one, other] = [ours, theirs].map((facts) => facts.get(`${name}.ko`)!);
    expect(one!.vermagic).toBe(other!.vermagic);
    expect(one!.undefined).toEqual(other!.undefined);
    expect(one!.imports).toEqual(other!.imports);
    expect(one!.exports).toEqual(other!.exports);
  });

  it('covers modules that export symbols, and modules that use them', () => {
    const exporting = [...theirs].filter(([, { exports }]) => exports.length > 0);
    expect(exporting.map(([name]) => name)).toEqual(
      expect.arrayContaining(['ddcci.ko', 'jool_common.ko', 'gost28147_generic.ko']),
    );
    const provided = new Set(exporting.flatMap(([, { exports }]) => exports));
    expect(theirs.get('jool.ko')!.imports.some((line) => provided.has(line))).toBe(true);
  });
});
