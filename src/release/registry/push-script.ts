import { shellQuote } from '../../runtime/shell.js';

/** An image that is to be pushed. */
export interface Push {
  /** Where skopeo finds it: `oci:/layouts/ring:6.1.0-56-amd64` */
  source: string;
  /** `registry.example/drivers/ring:6.1.0-56-amd64` */
  reference: string;
  /** Of its index. */
  digest: string;
}

export interface PushOptions {
  insecure: boolean;
  /** Where credentials lie; absent if there are none. */
  authFile?: string;
}

/** Pushes all, then prints the digest of each as the registry gives it. */
export function pushScript(pushes: readonly Push[], { insecure, authFile }: PushOptions): string {
  const auth = authFile === undefined ? '' : ` --authfile ${shellQuote(authFile)}`;
  const tls = (option: string) => (insecure ? ` --${option}=false` : '');
  // What is pushed are our own files: no policy of this machine's is asked whose images it trusts.
  const copy = `skopeo --insecure-policy copy --all --preserve-digests --retry-times 2${auth}${tls('dest-tls-verify')}`;
  const inspect = `skopeo inspect --raw --retry-times 2${auth}${tls('tls-verify')}`;
  return [
    'set -e',
    'export HOME=/tmp',
    ...pushes.map(
      ({ source, reference }) =>
        `${copy} ${shellQuote(source)} ${shellQuote(`docker://${reference}`)} >&2`,
    ),
    ...pushes.flatMap(({ reference }) => [
      `${inspect} ${shellQuote(`docker://${reference}`)} > /tmp/index`,
      'sha256sum < /tmp/index',
    ]),
  ].join('\n');
}
