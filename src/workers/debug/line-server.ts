import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { removeStaleSocket } from './stale-socket.ts';

export interface LineServerOptions {
  socketPath: string;
  connections: number;
  onSocket(socket: Socket): void;
}

/** A private Unix socket for so many peers at once; one more is closed at once. */
export async function listenForLines(options: LineServerOptions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, options.onSocket);
  server.maxConnections = options.connections;
  await removeStaleSocket(options.socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // Out of descriptors, say: that peer is not served, the others are.
  server.on('error', () => undefined);
  chmodSync(options.socketPath, 0o600);
  return server;
}
