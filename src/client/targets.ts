import type { ConnectionOptions } from 'node:tls';
import { CodiError } from '../protocol/errors.ts';

/** What the client needs to know who the daemon is, and to say who it is itself. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>;

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
  readonly tls: TlsOptions | false;
}

/** A way to the daemon. They are tried in their order, at each attempt from the first. */
export type Target = { readonly kind: 'unix'; readonly socketPath: string } | TcpTarget;

/** @throws CodiError CODI_CONFIG */
export function tcpTarget({ host, port, token, tls }: TcpOptions): TcpTarget {
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new CodiError('CODI_CONFIG', { reason: `tcp: ${host}:${port} is no address` });
  const isOn = tls ?? !isLoopback(host);
  return { kind: 'tcp', host, port, token, tls: isOn === true ? {} : isOn };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
