import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyProblem } from './key-support.js';

describe('keyProblem', () => {
  it.each([
    [1024, undefined],
    [2048, undefined],
    [2560, 'it is an RSA key of 2560 bits'],
  ])('knows the lengths of RSA keys that the kernel takes: %i', (modulusLength, problem) => {
    expect(keyProblem(generateKeyPairSync('rsa', { modulusLength }).publicKey)).toBe(problem);
  });

  it.each([
    ['prime256v1', undefined],
    ['secp384r1', undefined],
    ['secp521r1', undefined],
    ['secp256k1', 'it is on the curve secp256k1'],
    ['brainpoolP256r1', 'it is on the curve brainpoolP256r1'],
  ])('knows the curves that the kernel knows: %s', (namedCurve, problem) => {
    expect(keyProblem(generateKeyPairSync('ec', { namedCurve }).publicKey)).toBe(problem);
  });

  it('names the kind of any other key', () => {
    expect(keyProblem(generateKeyPairSync('ed25519').publicKey)).toBe('it is of type ed25519');
  });
});
