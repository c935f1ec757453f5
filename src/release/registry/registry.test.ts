import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { registryAddress } from './address.js';
import { registryCredentials } from './credentials.js';

describe('registryAddress', () => {
  it.each([
    ['registry.example/drivers', 'registry.example', 'registry.example/drivers'],
    ['localhost:5000/', 'localhost:5000', 'localhost:5000'],
    ['docker://registry.example:5000/a/b', 'registry.example:5000', 'registry.example:5000/a/b'],
    ['acme', 'docker.io', 'acme'],
    ['acme/drivers', 'docker.io', 'acme/drivers'],
  ])('takes %s apart', (given, host, prefix) => {
    expect(registryAddress(given)).toEqual({ host, prefix });
  });

  it.each([
    '',
    'registry.example/Drivers',
    'registry.example/a:tag',
    '$(id)/a',
    'a b',
    'a//b',
    '-x',
  ])('refuses %j', async (given) => {
    expect((await kbuildErrorOf(() => registryAddress(given))).code).toBe('USAGE');
  });
});

describe('registryCredentials', () => {
  const host = 'registry.example:5000';
  const credentials = async (files: Record<string, unknown>, more: NodeJS.ProcessEnv = {}) => {
    const HOME = temporaryDirectory(
      Object.fromEntries(
        Object.entries(files).map(([path, file]) => [
          path,
          typeof file === 'string' ? file : JSON.stringify(file),
        ]),
      ),
    );
    const text = await registryCredentials(host, { HOME, PATH: HOME, ...more });
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  };

  it('are those of the registry alone, by whichever key the tools have them', async () => {
    for (const key of [host, `https://${host}/v1/`, `${host}/drivers`]) {
      const auths = { [key]: { auth: 'b3du' }, 'other.example': { auth: 'b3RoZXI=' } };
      const found = await credentials({ '.docker/config.json': { auths } });
      expect(found).toEqual({ auths: { [key]: { auth: 'b3du' } } });
    }
  });

  it('are looked for where podman has them, then where Docker has them', async () => {
    const of = (auth: string) => ({ auths: { [host]: { auth } } });
    const docker = { '.docker/config.json': of('ZG9ja2Vy') };
    const podman = { '.config/containers/auth.json': of('cG9kbWFu') };
    expect(await credentials({ ...docker, ...podman })).toEqual(of('cG9kbWFu'));
    expect(await credentials(docker)).toEqual(of('ZG9ja2Vy'));
    expect(await credentials({})).toBeUndefined();
    expect(await credentials({ '.docker/config.json': { credsStore: '' } })).toBeUndefined();
    const named = join(temporaryDirectory({ a: JSON.stringify(of('bmFtZWQ=')) }), 'a');
    expect(await credentials(docker, { REGISTRY_AUTH_FILE: named })).toEqual(of('bmFtZWQ='));
  });

  it('of a file that is named must be there, and none is quoted that cannot be read', async () => {
    const missing = await kbuildErrorOf(() => credentials({}, { REGISTRY_AUTH_FILE: '/none' }));
    expect(missing).toMatchObject({ code: 'REGISTRY_FAILED' });
    const text = '{ "auths": { "x": { "auth": secret';
    const broken = await kbuildErrorOf(() => credentials({ '.docker/config.json': text }));
    expect(broken.code).toBe('REGISTRY_FAILED');
    expect(JSON.stringify(broken.toReport())).not.toContain('secret');
  });

  it('come from a helper: a password, a token, none; or it cannot be asked', async () => {
    const helper = (script: string) => {
      const HOME = temporaryDirectory({
        'docker-credential-acme': { program: `#!/bin/sh\n${script}\n` },
        '.docker/config.json': JSON.stringify({ credHelpers: { [host]: 'acme' } }),
      });
      return registryCredentials(host, { HOME, PATH: HOME });
    };
    const auths = (entry: object) => JSON.stringify({ auths: { [host]: entry } });
    expect(await helper(`echo '{"Username":"me","Secret":"pass"}'`)).toBe(
      auths({ auth: Buffer.from('me:pass').toString('base64') }),
    );
    expect(await helper(`echo '{"Username":"<token>","Secret":"t0k"}'`)).toBe(
      auths({ identitytoken: 't0k' }),
    );
    expect(await helper('echo credentials not found in native keychain; exit 1')).toBeUndefined();
    const failed = await kbuildErrorOf(() => helper('echo the keychain is locked; exit 1'));
    expect(failed.message).toContain(
      'docker-credential-acme cannot be asked: the keychain is locked',
    );
    const config = { credsStore: 'gone' };
    const gone = await kbuildErrorOf(() => credentials({ '.docker/config.json': config }));
    expect(gone.message).toContain('docker-credential-gone cannot be asked');
  });
});
