import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { removeStaleSocket } from './stale-socket.ts';

export interface LineServerOptions {
  socketPath: string;
  clientsMax: number;
  lineLimitBytes: number;
  /** Answers one line; the socket of a peer that sent its last byte waits for it. */
  onLine(line: string): Promise<string>;
}

/** Answers a client may wait for at once. */
const OWED_MAX = 256;

/** Newline-delimited text on a private Unix socket. A client that floods or does not read is cut off. */
export async function listenForLines(options: LineServerOptions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, options));
  server.maxConnections = options.clientsMax;
  await removeStaleSocket(options.socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
  chmodSync(options.socketPath, 0o600);
  return server;
}

function serve(socket: Socket, options: LineServerOptions): void {
  let rest = '';
  let owed = 0;
  let hasEnded = false;
  const endWhenAnswered = () => {
    if (hasEnded && owed === 0) socket.end();
  };
  const answer = async (line: string) => {
    owed += 1;
    const text = await options.onLine(line);
    owed -= 1;
    write(socket, text, options.lineLimitBytes);
    endWhenAnswered();
  };
  socket.setEncoding('utf8');
  socket.on('end', () => {
    hasEnded = true;
    endWhenAnswered();
  });
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    rest += chunk;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end).trim();
      rest = rest.slice(end + 1);
      if (owed >= OWED_MAX) socket.destroy();
      else if (line !== '') void answer(line);
    }
    if (rest.length > options.lineLimitBytes) socket.destroy();
  });
}

function write(socket: Socket, text: string, limitBytes: number): void {
  if (socket.destroyed) return;
  socket.write(`${text}\n`);
  if (socket.writableLength > limitBytes) socket.destroy();
}
