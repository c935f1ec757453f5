import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  aptIndexText,
  bookwormKernel,
  mirror,
  stanza,
} from '../../../../test/support/apt-stanza.js';
import { bookwormRepository } from '../../../../test/support/fake-apt.js';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { allArchs } from '../../../arch/arch.js';
import type { AptRepository } from '../../repository.js';
import { downloadScript, indexScript } from './script.js';

const allowExpired = false;
const headers = bookwormKernel('6.1.0-56', '6.1.192-2');
const packages = [{ name: 'bash', version: '1', arch: 'amd64' }, ...headers, headers[0]!];

/**
 * Runs a script in a directory of its own instead of a container's root, with programs that say
 * what apt would.
 */
function run(script: string, env: NodeJS.ProcessEnv = {}) {
  const root = temporaryDirectory({
    'bin/apt-get': {
      program: `#!/bin/sh
root=$(dirname "$0")/..
case "$*" in
  *print-uris*) for suite in bookworm bookworm-updates; do
    echo "'${mirror}dists/$suite/InRelease' mirror_debian_dists_$suite_InRelease 0 "; done ;;
  *indextargets*) echo "$root/Packages ${mirror}"; echo "$root/empty http://other/" ;;
esac
printf '%s\\n' "$*" >> "$root/calls"
cp "$APT_CONFIG" "$root/conf"`,
    },
    'bin/apt-helper': {
      program: `#!/bin/sh
root=$(dirname "$0")/..
if [ "$1" = cat-file ]; then exec cat "$2"; fi
for word; do printf '%s\\0' "$word"; done > "$root/words"`,
    },
    Packages: packages.map(stanza).join('\n'),
    empty: '',
    'keys/0/vendor.asc': 'the key',
  });
  for (const name of ['apt', 'fetch', 'tmp']) mkdirSync(join(root, name));
  const moved = script
    .replaceAll(/(?<![\w/])\/(tmp|apt|fetch|keys)(?=[/"])/g, `${root}/$1`)
    .replaceAll(`PATH="$PATH:`, `PATH="${root}/bin:$PATH:`);
  const stdout = execFileSync('sh', ['-c', moved], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  return { stdout, read, root };
}

describe('indexScript', () => {
  it('prints what is to be known of the packages of kernels, and of no others', () => {
    const { stdout } = run(indexScript(bookwormRepository, { allowExpired }));
    expect(stdout).toBe(aptIndexText(...packages.slice(1)));
  });

  it('prints what else is wanted by name, and what the description calls images', () => {
    const options = { allowExpired };
    expect(run(indexScript(bookwormRepository, options, ['bash'])).stdout).toBe(
      aptIndexText(...packages),
    );
    expect(run(indexScript(bookwormRepository, options, ['bas', 'ash'])).stdout).toBe(
      aptIndexText(...packages.slice(1)),
    );
    const image = { packages: ['ba{release}'], files: ['/x'], modules: [] };
    const kernels = { ...bookwormRepository.kernels, image };
    expect(run(indexScript({ ...bookwormRepository, kernels }, options)).stdout).toBe(
      aptIndexText(...packages),
    );
  });

  it('fails if the lists cannot be brought up to date', () => {
    const script = indexScript(bookwormRepository, { allowExpired });
    const failing = script.replace('update >&2', 'update >&2 && false');
    expect(() => run(failing)).toThrow();
  });

  it('lets apt look for every arch, in directories of its own', () => {
    const { read } = run(indexScript(bookwormRepository, { allowExpired }));
    for (const { debian } of allArchs()) expect(read('conf')).toContain(`"${debian}";`);
    expect(read('conf')).toMatch(/Dir::State "\S+\/apt"; Dir::State::lists/);
    expect(read('conf')).not.toContain('Dir::Etc');
  });

  it('takes what has expired only if asked', () => {
    const expired = 'Check-Valid-Until "false"';
    const script = (flag: boolean) => indexScript(bookwormRepository, { allowExpired: flag });
    expect(run(script(false)).read('conf')).not.toContain(expired);
    expect(run(script(true)).read('conf')).toContain(expired);
  });

  it('never takes what is not signed', () => {
    const own: AptRepository = { ...bookwormRepository, sources: 'Types: deb', keys: ['/k.asc'] };
    for (const repository of [bookwormRepository, own]) {
      const script = indexScript(repository, { allowExpired: true });
      expect(script).not.toMatch(/allow-?(unauthenticated|insecure|weak|downgrade)|trusted=yes/i);
    }
  });

  it("adds pockets of the image's own mirror, for the suite's components", () => {
    const pockets = ['bookworm-backports', 'bookworm-proposed-updates'];
    const { read } = run(indexScript({ ...bookwormRepository, pockets }, { allowExpired }));
    expect(read('tmp/apt/sources.list.d/pockets.list').trim().split('\n')).toEqual(
      pockets.map((pocket) => `deb ${mirror.replace(/\/$/, '')} ${pocket} main`),
    );
    expect(read('conf')).toContain('Dir::Etc::sourcelist "/dev/null"');
  });

  it("uses the user's own sources as they are written, and trusts their keys alone", () => {
    const sources = 'Types: deb\nURIs: http://x/\'$(reboot)`id`\\n"\n Suites: END\nEND\n%s %d\n';
    const repository = { ...bookwormRepository, sources, keys: ['/home/me/vendor.asc'] };
    const { read } = run(indexScript(repository, { allowExpired }));
    expect(read('tmp/apt/sources.list.d/own.sources')).toBe(`${sources}\n`);
    expect(read('tmp/apt/trusted/vendor.asc')).toBe('the key');
    expect(read('conf')).toMatch(
      /Dir::Etc::trusted "\/dev\/null"; Dir::Etc::trustedparts "\S+\/tr/,
    );
    expect(read('conf')).toContain('Dir::Etc::sourcelist "/dev/null"');
  });
});

describe('downloadScript', () => {
  it('gives apt each address, where it goes, and its hash, whatever stands in them', () => {
    const uris = [
      `${mirror}pool/x_1%3a2~rc1+b1_all.deb`,
      `${mirror}$(touch pwned)/\`id\`.deb`,
      `${mirror}it's; reboot #.deb`,
      `${mirror}two\nlines.deb`,
      `${mirror}"*?[a] && false | cat > x.deb`,
      '-oDir::Bin=/x',
    ];
    const files = uris.map((uri, i) => ({ uri, sha256: i === 1 ? '$(reboot) x' : 'ab' }));
    const { read, root } = run(downloadScript(bookwormRepository, files, { allowExpired }));
    const words = read('words').split('\0').slice(0, -1);
    const expected = files.flatMap(({ uri, sha256 }, i) => [
      uri,
      `${root}/fetch/${i}.deb`,
      `SHA256:${sha256}`,
    ]);
    expect(words.slice(words.indexOf('download-file') + 1)).toEqual(expected);
  });

  it('unpacks what is there and what the index says, each into a directory of its own, and names it', () => {
    const deb = temporaryDirectory({
      'DEBIAN/control':
        'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.org>\nDescription: x\n',
      'usr/src/x': 'content',
    });
    const file = join(temporaryDirectory(), 'x.deb');
    execFileSync('dpkg-deb', ['-Zgzip', '--root-owner-group', '-b', deb, file], { stdio: 'pipe' });
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    const files = ['a', 'b', 'c', 'd'].map((uri) => ({ uri, sha256 }));
    // A whole package, but another's: as one that broke off may be.
    files[3]!.sha256 = createHash('sha256').digest('hex');
    const script = downloadScript(bookwormRepository, files, { allowExpired }).replace(
      / \|\| true$/m,
      ' && for i in 0 2 3; do cp "$DEB" "/fetch/$i.deb"; done',
    );
    const { stdout, read, root } = run(script, { DEB: file });
    expect(stdout.trim().split('\n').sort()).toEqual(['0', '2']);
    for (const i of [0, 2]) expect(read(`fetch/${i}/root/usr/src/x`)).toBe('content');
    expect(execFileSync('ls', [join(root, 'fetch')], { encoding: 'utf8' })).toBe('0\n2\n');
  });
});
