import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type {
  HttpHandlers,
  HttpListener,
  HttpProblem,
  HttpReply,
} from '../actors/serving/http-ports.ts';
import { CodiError } from '../protocol/errors.ts';
import { ConnectionRoom } from './connection-room.ts';

export interface HttpServerOptions {
  host: string;
  port: number;
  connectionLimitCount: number;
  headerLimitBytes: number;
  requestTimeoutMs: number;
}

const HEADERS_MAX = 64;
/** A connection ends after so many requests, so that none holds its place for ever. */
const REQUESTS_PER_CONNECTION_MAX = 1_000;
const TIMEOUT_CHECK_MS = 1_000;

/** What keeps an address from being had; everything else is a fault of ours. */
const REFUSALS = new Map([
  ['EADDRINUSE', 'another program has it'],
  ['EACCES', 'this user may not bind it'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'there is no such name'],
  ['EAI_AGAIN', 'the name cannot be looked up now'],
  ['EINVAL', 'it is not an address to bind'],
]);

/** Listens for HTTP/1.1. No body is read; headers, time and connections are bounded. */
export async function listenHttp(
  options: HttpServerOptions,
  handlers: HttpHandlers,
): Promise<HttpListener> {
  const { host, port, requestTimeoutMs } = options;
  const room = new ConnectionRoom(options.connectionLimitCount, handlers.onCut);
  const server = createServer({
    maxHeaderSize: options.headerLimitBytes,
    // Counts from the first byte, and for the head as well: a slow client gains nothing by each further one.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(requestTimeoutMs, TIMEOUT_CHECK_MS),
    // Asked for by the actor, which has words for it.
    requireHostHeader: false,
    insecureHTTPParser: false,
  });
  server.maxHeadersCount = HEADERS_MAX;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  // Ends connections that do not read their answer.
  server.setTimeout(requestTimeoutMs, (socket) => void socket.destroy());
  server.on('connection', (socket) => room.enter(socket));
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    void serve(request, response, handlers, room);
  server.on('request', onRequest);
  // Without a listener Node itself would ask for the body.
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    refuse(problemOf(error), socket, handlers),
  );
  await bind(server, host, port);
  server.on('error', handlers.onError);
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://${nameOf(host)}:${bound}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
    server.removeAllListeners('error');
  } catch (error) {
    const reason = REFUSALS.get((error as NodeJS.ErrnoException).code ?? '');
    if (reason === undefined) throw error;
    const address = `${nameOf(host)}:${port}`;
    throw new CodiError('CODI_HTTP_UNAVAILABLE', { address, reason }, { cause: error });
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: HttpHandlers,
  room: ConnectionRoom,
): Promise<void> {
  const { socket, headers, headersDistinct, method = '', url = '' } = request;
  // No client in use sends a second request before the first is answered; a flood of them would be all ours
  // to keep.
  if (!room.busy(socket)) return void socket.destroy();
  response.once('close', () => room.silent(socket));
  const announcesBody =
    headers['transfer-encoding'] !== undefined ||
    headers.expect !== undefined ||
    (headers['content-length'] ?? '0') !== '0';
  const [path = ''] = url.split('?', 1);
  const hosts = headersDistinct['host'] ?? [];
  const reply = await handlers.answer({ method, path, hosts, announcesBody });
  if (reply === undefined || response.destroyed) return void socket.destroy();
  // What follows such a head on the connection may be a body: it is not looked at.
  const isLast = announcesBody || reply.status === '400' || reply.status === '405';
  response.writeHead(Number(reply.status), {
    ...headersOf(reply),
    ...(reply.status === '405' && { allow: 'GET, HEAD' }),
    ...(isLast && { connection: 'close' }),
  });
  response.end(reply.body, () => {
    if (isLast) socket.destroySoon();
  });
}

/** Answers what the parser did not take, as far as somebody still listens. */
function refuse(problem: HttpProblem, socket: Socket, handlers: HttpHandlers): void {
  const reply = socket.writable ? handlers.refuse(problem) : undefined;
  if (reply === undefined) return void socket.destroy();
  const head = Object.entries({ ...headersOf(reply), connection: 'close' });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const status = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status]}\r\n`;
  socket.end(`${status}${lines}\r\n${reply.body}`, () => socket.destroy());
}

function problemOf({ code }: NodeJS.ErrnoException): HttpProblem {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headTooLarge';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timeout' : 'invalid';
}

function headersOf({ contentType, body }: HttpReply): Record<string, string> {
  return {
    'content-type': contentType,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}

function nameOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
