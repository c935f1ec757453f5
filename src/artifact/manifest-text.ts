import type { Manifest } from './manifest-schema.js';

/** Of a manifest that was written already: of ten thousand jobs it is 30 MB, and is shown too. */
const texts = new WeakMap<Manifest, string>();

/** A manifest as `manifest.json` and `build --json` have it, without the newline at its end. */
export function manifestText(manifest: Manifest): string {
  const text = texts.get(manifest) ?? JSON.stringify(manifest, null, 2);
  texts.set(manifest, text);
  return text;
}
