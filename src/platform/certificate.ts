import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { TlsPair } from './tcp-socket.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A self-signed certificate for a server with these names and addresses, and its key, both in PEM. */
export async function makeCertificate(
  names: readonly string[],
  nowMs: number,
  years: number,
): Promise<TlsPair> {
  // Only here: the library takes a quarter of what a daemon needs to load, and few make a certificate.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const { subtle } = webcrypto;
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex'),
    name: 'CN=codi',
    // Clocks differ.
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + years * 365 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
    ],
  });
  const key = x509.PemConverter.encode(
    await subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { cert: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
