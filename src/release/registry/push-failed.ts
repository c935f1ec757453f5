import { KbuildError } from '../../errors/kbuild-error.js';

/** The error of a push, made of what skopeo said. */
export function pushFailed(to: string, lines: readonly string[]): KbuildError {
  const said = lines.map((line) => /level=(?:fatal|error) msg="(.*)"$/.exec(line)?.[1]);
  const why = said.findLast((text) => text !== undefined) ?? lines.at(-1) ?? 'skopeo failed';
  return new KbuildError('REGISTRY_FAILED', `pushing to ${to} failed: ${why}`, hintFor(why));
}

function hintFor(why: string): string {
  if (/unauthorized|authentication required|denied|forbidden|40[13]\b/i.test(why)) {
    return "Log in with 'docker login' or 'podman login', or name a file with the credentials in REGISTRY_AUTH_FILE.";
  }
  if (/HTTP response to HTTPS client|x509|certificate/i.test(why)) {
    return "Put the registry's certificate into /etc/docker/certs.d, or give --registry-insecure.";
  }
  return 'Look whether the registry is there and has space. What was pushed stays; push again.';
}
