import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import { CodiError } from '#codi/protocol/errors.js';
import { FRAME_LIMIT_BYTES, FrameScanner } from '#codi/protocol/frame.js';
import { timestampFromMs } from '#codi/protocol/timestamp.js';

// The protocol's types come from the sources' declarations; here payloads are built freely.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Body = any;

/** A request as a test sees it. */
export interface SeenRequest {
  kind: string;
  body: Body;
  id: string;
  connection: number;
}

/** What a scripted answer may be: a payload to send, or nothing at all. */
export type ScriptedAnswer = { kind: string; body: Body } | 'silence' | 'hang up';

export interface StoredEntry {
  producerId: string;
  sequence: number;
  level: string;
  component: string;
  message: string;
  metadata: unknown;
  session_id: string | null;
  timestamp: string;
}

/** One end of a connection, for tests that push rows. */
export interface FakeConnection {
  number: number;
  producerId: string;
  hello: Body;
  socket: Socket;
  send(kind: string, body: Body): void;
}

/**
 * A small server that speaks the protocol: it stores entries with dense producer sequences as the
 * daemon does, and answers other requests from a script.
 */
export class FakeDaemon {
  readonly dir: string;
  readonly socketPath: string;
  readonly requests: SeenRequest[] = [];
  readonly stored: StoredEntry[] = [];
  readonly connections = new Set<FakeConnection>();
  /** Looked at first, for every request; undefined goes on to the default. */
  script: (request: SeenRequest, connection: FakeConnection) => ScriptedAnswer | undefined = () =>
    undefined;
  /** Answers by request kind; a function is given the body. */
  readonly answers: Record<string, (body: Body) => { kind: string; body: Body }> = {};
  window = 1024;
  #server: Server | undefined;
  #connectionCount = 0;
  readonly #sequences = new Map<string, number>();

  private constructor(dir: string) {
    this.dir = dir;
    this.socketPath = join(dir, 'm.sock');
  }

  static async start(): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(await mkdtemp(join(tmpdir(), 'codi-fake-')));
    await daemon.listen();
    return daemon;
  }

  get connectionCount(): number {
    return this.#connectionCount;
  }

  listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    return new Promise((resolve) => server.listen(this.socketPath, resolve));
  }

  /** Listens on a port of loopback instead, with TLS when it is given a certificate. */
  listenTcp(tls?: { cert: string; key: string }): Promise<number> {
    const accept = (socket: Socket) => this.#accept(socket);
    const server = tls ? createTlsServer(tls, accept) : createServer(accept);
    // A client that does not trust us hangs up in the middle of the handshake.
    server.on('tlsClientError', () => undefined);
    this.#server = server;
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
  }

  /** Entries that come by another way than a connection: those of a spool. */
  ingest(producerId: string, first: number, entries: Body[]): void {
    this.#store({ producerId } as FakeConnection, first, entries);
  }

  /** Answers requests of this kind with pages of a list, which `key` names. */
  servePages(kind: string, answer: string, key: string, rows: object[]): void {
    this.answers[kind] = ({ limit, cursor, order }) => {
      const all = order === 'newest' ? rows.toReversed() : rows;
      const from = Number(cursor ?? 0);
      const page = all.slice(from, from + limit);
      const next = from + limit < all.length ? String(from + limit) : null;
      return { kind: answer, body: { [key]: page, total_count: rows.length, next } };
    };
  }

  /** Stops listening and cuts all connections, as a crash does; `listen` brings it back. */
  async crash(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server?.close(() => resolve()) ?? resolve());
    this.hangUp();
    await closed;
  }

  /** Cuts all connections; the server goes on. */
  hangUp(): void {
    for (const { socket } of this.connections) socket.destroy();
    this.connections.clear();
  }

  async stop(): Promise<void> {
    if (this.#server) await this.crash();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Requests of one kind, in the order they came. */
  of(kind: string): SeenRequest[] {
    return this.requests.filter((request) => request.kind === kind);
  }

  #accept(socket: Socket): void {
    this.#connectionCount += 1;
    const scanner = new FrameScanner({ limitBytes: FRAME_LIMIT_BYTES });
    const connection: FakeConnection = {
      number: this.#connectionCount,
      producerId: '',
      hello: undefined,
      socket,
      send: (kind, body) => {
        if (socket.writable) socket.write(encode(kind, body));
      },
    };
    this.connections.add(connection);
    socket.on('error', () => undefined);
    socket.on('close', () => this.connections.delete(connection));
    socket.on('data', (chunk: Buffer) => {
      for (const frame of scanner.push(chunk).frames) {
        const decoded = decodeMessage(frame, 'msgpack');
        if (!decoded.ok) throw decoded.error;
        const { id, payload } = decoded.message;
        const time = decoded.message.timestamp;
        this.#handle(
          { kind: payload.kind, body: payload.body, id, connection: connection.number },
          connection,
          time,
        );
        if (socket.destroyed) return;
      }
    });
  }

  #handle(request: SeenRequest, connection: FakeConnection, time: Body): void {
    this.requests.push(request);
    if (request.kind === 'Hello') {
      connection.hello = request.body;
      connection.producerId = request.body.producer_id ?? '';
    }
    const answer = this.script(request, connection) ?? this.#answer(request, connection, time);
    if (answer === 'silence') return;
    if (answer === 'hang up') return void connection.socket.destroy();
    connection.send(answer.kind, { request_id: request.id, ...answer.body });
  }

  #answer(request: SeenRequest, connection: FakeConnection, time: Body): ScriptedAnswer {
    const { kind, body } = request;
    const own = this.answers[kind];
    if (own) return own(body);
    if (kind === 'Hello') {
      const limits = { frame_bytes: FRAME_LIMIT_BYTES, window: this.window };
      const committed = this.#sequences.get(connection.producerId) ?? 0;
      return {
        kind: 'Welcome',
        body: { version: 1, server: 'fake 0', producer_sequence: committed, limits },
      };
    }
    if (kind === 'LogEntry')
      return this.#store(connection, body.sequence, [{ ...body, timestamp: time }]);
    if (kind === 'LogBatch') return this.#store(connection, body.first_sequence, body.entries);
    if (kind === 'Follow') return 'silence';
    if (kind === 'Unfollow') return accepted;
    return { kind: 'Error', body: new CodiError('CODI_MESSAGE_UNKNOWN', { kind }).toWire() };
  }

  #store(connection: FakeConnection, first: number, entries: Body[]): ScriptedAnswer {
    const { producerId } = connection;
    const committed = this.#sequences.get(producerId) ?? 0;
    if (first > committed + 1)
      return rejected('CODI_SEQUENCE_GAP', { expected_sequence: committed + 1 });
    entries.forEach((entry, index) => {
      const sequence = first + index;
      if (sequence <= committed) return;
      this.stored.push({ producerId, sequence, ...entry });
    });
    this.#sequences.set(producerId, Math.max(committed, first + entries.length - 1));
    return accepted;
  }
}

export const accepted = { kind: 'Acknowledgment', body: { status: 'Accepted' } };

/** A refusal with a code of the error table. */
export function rejected(code: string, extra: object = {}): { kind: string; body: Body } {
  return { kind: 'Acknowledgment', body: { status: { Rejected: code }, code, ...extra } };
}

function encode(kind: string, body: Body): Buffer {
  const message: Body = {
    id: randomUUID(),
    timestamp: timestampFromMs(Date.now()),
    payload: { kind, body },
  };
  return encodeMessage(message, 'msgpack');
}
