import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Listener } from '../actors/serving/acceptor.actor.ts';
import type { ClientSocket } from '../actors/serving/ports.ts';
import { CodiError } from '../protocol/errors.ts';
import { clientSocket } from './client-socket.ts';

/** PEM of a certificate, with what leads to its authority behind it, and of its key. */
export interface TlsPair {
  cert: string;
  key: string;
}

export interface TcpSocketOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  tls: TlsPair | undefined;
  /** Time a client has for its part of the TLS handshake. */
  handshakeTimeoutMs: number;
  /** Most connections that are in the handshake at the same time. */
  handshakesMax: number;
}

/** What went wrong before somebody was a client. */
export type TlsTrouble = 'plain' | 'handshake' | 'timeout' | 'tooMany';

export interface TcpHandlers {
  onSocket(socket: ClientSocket): void;
  onError(error: unknown): void;
  /** Somebody without TLS came where it is needed; what is returned is the last thing he gets. */
  onTrouble(trouble: TlsTrouble): Uint8Array | undefined;
}

const TLS_HANDSHAKE_RECORD = 22;
const PROBE_MS = 60_000;

/** Listens on TCP. Throws CODI_TCP_UNAVAILABLE and CODI_TLS_UNUSABLE. */
export async function listenTcp(
  options: TcpSocketOptions,
  handlers: TcpHandlers,
): Promise<Listener & { port: number }> {
  const accept = options.tls
    ? secureAcceptor(options.tls, options, handlers)
    : (socket: Socket) => handlers.onSocket(tcpClient(socket, socket, 'tcp'));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setNoDelay(true);
    // Who is gone without a word is found out after a while.
    socket.setKeepAlive(true, PROBE_MS);
    accept(socket);
  });
  await bind(server, options);
  server.on('error', handlers.onError);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
    },
  };
}

function bind(server: Server, { host, port }: TcpSocketOptions): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const refuse = ({ code, message }: NodeJS.ErrnoException) => {
      const reason = code === 'EADDRINUSE' ? 'somebody else listens there' : message;
      reject(new CodiError('CODI_TCP_UNAVAILABLE', { address: `${host}:${port}`, reason }));
    };
    server.once('error', refuse);
    server.listen({ host, port, backlog: 1_024 }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

/** Looks at the first byte of a connection: TLS is shaken hands with, anything else is told and closed. */
function secureAcceptor(tls: TlsPair, options: TcpSocketOptions, handlers: TcpHandlers) {
  const secureContext = context(tls);
  const inHandshake = new Set<Socket>();
  return (raw: Socket) => {
    raw.on('error', () => raw.destroy());
    if (inHandshake.size >= options.handshakesMax) {
      handlers.onTrouble('tooMany');
      raw.destroy();
      return;
    }
    inHandshake.add(raw);
    const settle = () => {
      clearTimeout(timer);
      inHandshake.delete(raw);
    };
    const give = (trouble: TlsTrouble) => {
      settle();
      const last = handlers.onTrouble(trouble);
      if (last && trouble === 'plain') raw.end(last, () => raw.destroySoon());
      else raw.destroy();
    };
    let timer = setTimeout(() => {
      // Timers come due before sockets are read: a daemon that was busy first reads what came in time.
      timer = setTimeout(() => give('timeout'), 1);
    }, options.handshakeTimeoutMs);
    raw.once('close', settle);
    raw.once('readable', () => {
      const first = raw.read(1) as Buffer | null;
      if (!first) return raw.destroy();
      raw.unshift(first);
      if (first[0] !== TLS_HANDSHAKE_RECORD) return give('plain');
      const secure = new TLSSocket(raw, {
        isServer: true,
        secureContext,
        allowHalfOpen: true,
      } as object);
      secure.once('error', () => give('handshake'));
      secure.once('secure', () => {
        settle();
        secure.removeAllListeners('error');
        handlers.onSocket(tcpClient(secure, raw, 'tls'));
      });
    });
  };
}

function context({ cert, key }: TlsPair) {
  try {
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new CodiError(
      'CODI_TLS_UNUSABLE',
      { reason: (error as Error).message },
      { cause: error },
    );
  }
}

function tcpClient(socket: Socket, raw: Socket, transport: 'tcp' | 'tls'): ClientSocket {
  const { remoteAddress: address, remotePort: port } = raw;
  return clientSocket(socket, {
    transport,
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
  });
}
