import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Listener } from '../actors/serving/acceptor.actor.ts';
import type { ClientSocket } from '../actors/serving/ports.ts';
import { CodiError } from '../protocol/errors.ts';
import { removeStaleSocket } from '../workers/debug/stale-socket.ts';

/** sun_path on Linux holds 108 bytes with the terminating zero; Node 20 cuts longer ones silently. */
const SOCKET_PATH_MAX_BYTES = 107;

/** Creates the socket's directory privately, or checks that an existing one is nobody else's. */
export function prepareSocketDirectory(socketPath: string, uid: number): void {
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_MAX_BYTES)
    throw new CodiError('CODI_SOCKET_PATH_TOO_LONG', {
      path: socketPath,
      bytes: Buffer.byteLength(socketPath),
      limitBytes: SOCKET_PATH_MAX_BYTES,
    });
  const directory = dirname(socketPath);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = lstatSync(directory);
  const reason = !stat.isDirectory()
    ? 'it is a link'
    : stat.uid !== uid
      ? 'it belongs to somebody else'
      : 'others may write into it';
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0)
    throw new CodiError('CODI_SOCKET_DIR_UNSAFE', { path: directory, reason });
}

/**
 * Listens on a private Unix socket. A file left by a daemon that died is replaced; a socket on which somebody
 * answers, or a file that is no socket, is not.
 */
export async function listenUnix(
  socketPath: string,
  onSocket: (socket: ClientSocket) => void,
  onError: (error: unknown) => void,
): Promise<Listener> {
  await removeStaleSocket(socketPath);
  const server = createServer({ allowHalfOpen: true }, (socket) => onSocket(clientSocket(socket)));
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

function clientSocket(socket: Socket): ClientSocket {
  // Nothing is read before the actor listens, so no byte is lost in between.
  socket.pause();
  socket.on('error', () => socket.destroy());
  return {
    write: (bytes) => !socket.destroyed && socket.write(bytes),
    get queuedBytes() {
      return socket.writableLength;
    },
    listen: (listener) => {
      socket.on('data', listener.onData);
      socket.on('end', listener.onEnd);
      socket.on('drain', listener.onDrain);
      socket.on('close', listener.onClose);
      if (socket.destroyed) listener.onClose();
      else {
        // Who came and went without a word has ended already, also for a paused socket: there is no second 'end'.
        if (socket.readableEnded) listener.onEnd();
        socket.resume();
      }
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(() => socket.destroySoon()),
    destroy: () => void socket.destroy(),
  };
}
