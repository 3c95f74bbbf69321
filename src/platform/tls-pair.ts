import { X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CodiError } from '../protocol/errors.ts';
import { makeCertificate } from './certificate.ts';
import type { TlsPair } from './tcp-socket.ts';

/** Where certificate and key are, when they are given. */
export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

/** A certificate, its key, and the name clients know it by: SHA-256 in hex, with colons. */
export interface KnownPair extends TlsPair {
  fingerprint: string;
  isNew: boolean;
}

const FOLDER = 'tls';
const LOOSE = 0o077;
/** Clients pin it, so nothing is gained by changing it often; to change it the folder is removed. */
const VALID_YEARS = 10;

/** The configured pair. Throws CODI_TLS_UNUSABLE. */
export async function readPair({ certFile, keyFile }: TlsFiles): Promise<KnownPair> {
  const key = await readSecret(keyFile);
  const cert = await readFile(certFile, 'utf8').catch(unreadable);
  return { cert, key, fingerprint: fingerprintOf(cert, certFile), isNew: false };
}

/** The pair of a data directory, made at the first start. `names` are what clients may call this machine. */
export async function ownPair(
  dataDir: string,
  names: readonly string[],
  nowMs: number,
): Promise<KnownPair> {
  const folder = join(dataDir, FOLDER);
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  if (await exists(files.certFile)) return readPair(files);
  const { cert, key } = await makeCertificate(names, nowMs, VALID_YEARS);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The certificate last: where it is, its key is too.
  await writeFile(files.keyFile, key);
  await writeFile(files.certFile, cert);
  return { cert, key, fingerprint: fingerprintOf(cert, files.certFile), isNew: true };
}

async function readSecret(path: string): Promise<string> {
  const file = await open(path, 'r').catch(unreadable);
  try {
    const { mode } = await file.stat();
    if ((mode & LOOSE) !== 0)
      throw new CodiError('CODI_TLS_UNUSABLE', {
        reason: `the key ${path} is open to others; \`chmod 600\` it`,
      });
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function fingerprintOf(cert: string, path: string): string {
  try {
    return new X509Certificate(cert).fingerprint256;
  } catch (error) {
    throw new CodiError('CODI_TLS_UNUSABLE', {
      reason: `${path} is no certificate in PEM (${(error as Error).message})`,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return open(path, 'r').then(
    async (file) => {
      await file.close();
      return true;
    },
    () => false,
  );
}

async function writeFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function unreadable(error: unknown): never {
  throw new CodiError('CODI_TLS_UNUSABLE', { reason: (error as Error).message }, { cause: error });
}
