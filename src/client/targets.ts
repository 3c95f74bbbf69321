import type { ConnectionOptions } from 'node:tls';
import { CodiError } from '../protocol/errors.ts';

/** What the client needs to know who the daemon is, and to say who it is itself. */
export interface TlsOptions extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'> {
  /**
   * The SHA-256 of the daemon's certificate, as `codi status` shows it: 64 hex digits, with colons or without.
   * It takes the place of authorities, names and dates.
   */
  fingerprint?: string;
}

/** A daemon's TCP door. */
export interface TcpOptions {
  host: string;
  port: number;
  /** What `codi token create` printed; said in Hello, and nowhere but here. */
  token?: string;
  /**
   * TLS. When absent it is off on loopback and on beyond it. `false` switches it off beyond loopback too,
   * and then the token and all entries can be read on the way.
   */
  tls?: boolean | TlsOptions;
}

export interface TcpTarget {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly tls: ConnectionOptions | false;
  /** What the certificate must be, as Node writes it; undefined where authorities decide. */
  readonly fingerprint: string | undefined;
}

/** A way to the daemon. They are tried in their order, at each attempt from the first. */
export type Target = { readonly kind: 'unix'; readonly socketPath: string } | TcpTarget;

/** @throws CodiError CODI_CONFIG */
export function tcpTarget({ host, port, token, tls }: TcpOptions): TcpTarget {
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new CodiError('CODI_CONFIG', { reason: `tcp: ${host}:${port} is no address` });
  const isOn = tls ?? !isLoopback(host);
  const known = isOn === true ? {} : isOn;
  return { kind: 'tcp', host, port, token, ...(known ? trust(known) : PLAIN) };
}

const PLAIN = { tls: false, fingerprint: undefined } as const;

/** By what the daemon is known: its certificate, or who signed it. */
function trust({ fingerprint, ...tls }: TlsOptions): Pick<TcpTarget, 'tls' | 'fingerprint'> {
  if (fingerprint === undefined) return { tls, fingerprint };
  if (tls.ca !== undefined)
    throw new CodiError('CODI_CONFIG', { reason: 'tls: a fingerprint or a ca, not both' });
  // Nobody has signed what is pinned; it is compared before the connection is handed out.
  return { tls: { ...tls, rejectUnauthorized: false }, fingerprint: readFingerprint(fingerprint) };
}

/** As Node writes it: pairs of capital hex digits between colons. */
function readFingerprint(text: string): string {
  if (!/^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){31}|[0-9a-f]{62})$/i.test(text))
    throw new CodiError('CODI_CONFIG', { reason: 'tls: the fingerprint is no SHA-256 in hex' });
  return text
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/..(?!$)/g, '$&:');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
