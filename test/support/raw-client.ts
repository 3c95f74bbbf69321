import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { decodeMessage } from '#codi/protocol/codec.js';
import { FrameScanner } from '#codi/protocol/frame.js';
import type { Message } from '#codi/protocol/messages.js';
import { deadline } from './deadline.ts';
import { frameOf } from './fake-socket.ts';

/** A client that is only a socket: it sends what the test says, and keeps what comes back. */
export class RawClient {
  readonly socket: Socket;
  readonly #scanner = new FrameScanner({ limitBytes: 4 << 20 });
  readonly #closed: Promise<void>;
  readonly messages: Message[] = [];
  #wake: () => void = () => undefined;

  constructor(socket: Socket, reads = true) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    if (reads) socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  static unix(path: string, reads = true): RawClient {
    return new RawClient(connect({ path, allowHalfOpen: true }), reads);
  }

  static tcp(port: number, reads = true): RawClient {
    return new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), reads);
  }

  static tls(port: number, options: ConnectionOptions): RawClient {
    return new RawClient(connectTls({ port, host: '127.0.0.1', ...options }));
  }

  #read(chunk: Buffer): void {
    for (const frame of this.#scanner.push(chunk).frames) {
      const decoded = decodeMessage(frame, this.#scanner.format ?? 'msgpack');
      if (!decoded.ok) throw decoded.error;
      this.messages.push(decoded.message);
    }
    this.#wake();
  }

  /** Sends one message; gives its id. */
  send(kind: string, body: object, format: 'msgpack' | 'json' = 'msgpack'): this {
    this.socket.write(frameOf(kind, body, crypto.randomUUID(), format));
    return this;
  }

  bytes(bytes: Buffer | string): this {
    this.socket.write(bytes);
    return this;
  }

  /** The kinds of the first so many answers, or the code where it is an error. */
  async answers(count: number, timeoutMs = 10_000): Promise<string[]> {
    await deadline(
      `${count} answers`,
      (async () => {
        while (this.messages.length < count) await new Promise<void>((wake) => (this.#wake = wake));
      })(),
      timeoutMs,
    );
    return this.codes;
  }

  get codes(): string[] {
    return this.messages.map(({ payload: { kind, body } }) =>
      kind === 'Error' ? body.code : ((body as { code?: string | null }).code ?? kind),
    );
  }

  /** What came until the daemon closed. */
  async end(): Promise<string[]> {
    await deadline('the end of the connection', this.#closed);
    return this.codes;
  }

  close(): void {
    this.socket.destroy();
  }
}
