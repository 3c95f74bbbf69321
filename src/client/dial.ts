import type { OnReadOpts, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CodiError } from '../protocol/errors.ts';
import type { ClientPorts } from './ports.ts';
import type { TcpTarget } from './targets.ts';

/** Linux keeps 108 bytes for the address, the last is NUL; Node cuts a longer path silently. */
const SOCKET_PATH_LIMIT_BYTES = 107;
const ROOT_UID = 0;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTSOCK: 'it is not a socket',
};

/** Where to connect, and how long that may take. */
export interface DialOptions {
  socketPath: string;
  timeoutMs: number;
  ports: ClientPorts;
  /** Where what comes is to go; to 'data' when absent. */
  onread?: OnReadOpts;
}

/**
 * Connects to a Unix socket that belongs to this user or to root.
 *
 * @throws CodiError CODI_UNREACHABLE, CODI_NOT_PERMITTED (another user's socket: somebody could be
 * waiting there for what we send), CODI_SOCKET_PATH_TOO_LONG
 */
export async function dialSocket(options: DialOptions): Promise<Socket> {
  const { socketPath, timeoutMs, ports, onread } = options;
  await checkOwner(socketPath, ports);
  return connected(() => ports.dial(socketPath, onread), 'connect', {
    place: socketPath,
    timeoutMs,
    ports,
  });
}

/**
 * Connects over TCP, and where the target says so makes sure with TLS who is there, before anything is said.
 *
 * @throws CodiError CODI_UNREACHABLE, CODI_TLS_UNTRUSTED
 */
export async function dialTcp(
  target: TcpTarget,
  { timeoutMs, ports, onread }: Omit<DialOptions, 'socketPath'>,
): Promise<Socket> {
  const place = `${target.host}:${target.port}`;
  const ready = target.tls ? 'secureConnect' : 'connect';
  const dial = () => ports.dialTcp(target, onread);
  const socket = await connected(dial, ready, { place, timeoutMs, ports });
  if (target.fingerprint !== undefined)
    checkFingerprint(socket as TLSSocket, target.fingerprint, place);
  return socket;
}

function checkFingerprint(socket: TLSSocket, pinned: string, place: string): void {
  const found = socket.getPeerX509Certificate()?.fingerprint256;
  if (found === pinned) return;
  socket.on('error', () => undefined);
  socket.destroy();
  throw untrusted(place, `its certificate is ${found ?? 'none'}, pinned is ${pinned}`);
}

async function checkOwner(socketPath: string, ports: ClientPorts): Promise<void> {
  const bytes = Buffer.byteLength(socketPath);
  const limitBytes = SOCKET_PATH_LIMIT_BYTES;
  if (bytes > limitBytes) {
    throw new CodiError('CODI_SOCKET_PATH_TOO_LONG', { path: socketPath, bytes, limitBytes });
  }
  const found = await ports.inspect(socketPath).catch((error: unknown) => {
    throw unreachable(socketPath, error);
  });
  if (!found.isSocket) throw unreachable(socketPath, { code: 'ENOTSOCK' });
  const ownUid = ports.ownUid();
  if (ownUid < 0 || found.uid === ownUid || found.uid === ROOT_UID) return;
  throw new CodiError('CODI_NOT_PERMITTED', {
    reason: `the socket ${socketPath} belongs to user ${found.uid}, not to you`,
  });
}

function connected(
  dial: () => Socket,
  ready: 'connect' | 'secureConnect',
  { place, timeoutMs, ports }: { place: string; timeoutMs: number; ports: ClientPorts },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dial();
    const timer = ports.setTimeout(() => {
      settle();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(unreachable(place, new Error(`no connection within ${timeoutMs} ms`)));
    }, timeoutMs);
    const onConnect = () => {
      settle();
      resolve(socket);
    };
    const onError = (error: Error) => {
      settle();
      socket.destroy();
      const isUnknown = Boolean((socket as Partial<TLSSocket>).authorizationError);
      reject(isUnknown ? untrusted(place, error.message) : unreachable(place, error));
    };
    const settle = () => {
      ports.clearTimeout(timer);
      socket.off(ready, onConnect);
      socket.off('error', onError);
    };
    socket.on(ready, onConnect);
    socket.on('error', onError);
  });
}

function unreachable(socketPath: string, error: unknown): CodiError {
  const { code, message } = error as { code?: string; message?: string };
  const reason = REASONS[code ?? ''] ?? message ?? String(code);
  return new CodiError('CODI_UNREACHABLE', { path: socketPath, reason });
}

function untrusted(address: string, reason: string): CodiError {
  return new CodiError('CODI_TLS_UNTRUSTED', { address, reason });
}
