import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Listener } from '../actors/serving/acceptor.actor.ts';
import type { ClientSocket } from '../actors/serving/ports.ts';
import { CodiError } from '../protocol/errors.ts';
import { descriptorOf, type ReadPeerUser } from '../protocol/peer-user.ts';
import { removeStaleSocket } from '../workers/debug/stale-socket.ts';
import { clientSocket } from './client-socket.ts';

/** sun_path on Linux holds 108 bytes with the terminating zero; Node 20 cuts longer ones silently. */
const SOCKET_PATH_MAX_BYTES = 107;
const ROOT_UID = 0;
const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/** Creates the socket's directory privately, or checks that an existing one is nobody else's. */
export function prepareSocketDirectory(socketPath: string, uid: number): void {
  assertPathFits(socketPath);
  const directory = dirname(socketPath);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = lstatSync(directory);
  const reason = !stat.isDirectory()
    ? 'it is a link'
    : stat.uid !== uid
      ? 'it belongs to somebody else'
      : 'others may write into it';
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new CodiError('CODI_SOCKET_DIR_UNSAFE', { path: directory, reason });
}

/**
 * The same for a socket where old clients look for it, perhaps in /tmp: a directory that all may write into will do
 * when it is root's and sticky, so that nobody can put another socket in the place of ours.
 */
export function prepareLegacySocket(socketPath: string, uid: number): void {
  assertPathFits(socketPath);
  const directory = dirname(socketPath);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = statSync(directory);
  const isShared = (mode & WRITABLE_BY_OTHERS) !== 0;
  if (owner !== uid && owner !== ROOT_UID)
    throw new CodiError('CODI_SOCKET_DIR_UNSAFE', {
      path: directory,
      reason: 'it belongs to somebody else',
    });
  if (isShared && (mode & STICKY) === 0)
    throw new CodiError('CODI_SOCKET_DIR_UNSAFE', {
      path: directory,
      reason: 'others may replace what is in it',
    });
}

function assertPathFits(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_MAX_BYTES)
    throw new CodiError('CODI_SOCKET_PATH_TOO_LONG', {
      path,
      bytes,
      limitBytes: SOCKET_PATH_MAX_BYTES,
    });
}

export interface UnixSocketOptions {
  socketPath: string;
  /** Whose a file may be that is replaced. */
  uid: number;
  readPeerUser: ReadPeerUser;
}

/**
 * Listens on a private Unix socket. A file left by a daemon that died is replaced; a socket on which somebody
 * answers, that is somebody else's, or a file that is no socket, is not.
 */
export async function listenUnix(
  { socketPath, uid, readPeerUser }: UnixSocketOptions,
  onSocket: (socket: ClientSocket) => void,
  onError: (error: unknown) => void,
): Promise<Listener> {
  await removeStaleSocket(socketPath, uid);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const user = readPeerUser(descriptorOf(socket));
    onSocket(clientSocket(socket, { transport: 'unix', ...(user && { user }) }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: socketPath, backlog: 1_024 }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', onError);
  chmodSync(socketPath, 0o600);
  return {
    // Accepted clients live on, so this must not wait for them: closing the handle is enough.
    close: async () => {
      server.close();
    },
  };
}
