import type { Socket } from 'node:net';
import { CodiError } from '../protocol/errors.ts';
import { FRAME_LIMIT_BYTES, FrameScanner } from '../protocol/frame.ts';
import type { BodyOf, Payload } from '../protocol/messages.ts';
import type { RequestKind } from '../protocol/kinds.ts';
import { formatRfc3339, timestampFromMs } from '../protocol/timestamp.ts';
import { dialSocket, dialTcp } from './dial.ts';
import type { ClientPorts } from './ports.ts';
import type { Target } from './targets.ts';
import { decodeAnswer, encodeRequest } from './wire.ts';

/** What a connection tells its owner. */
export interface ConnectionListener {
  onAnswer(payload: Payload): void;
  /** Once; without an error when this side closed it. */
  onClose(error: CodiError | undefined): void;
}

/** Read into by all connections in turn: whoever is given bytes of it is done with them when he returns. */
const CHUNK = Buffer.allocUnsafeSlow(64 * 1024);

/** One connected socket that carries framed MessagePack messages both ways. */
export class Connection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #ports: ClientPorts;
  readonly #scanner = new FrameScanner({ limitBytes: FRAME_LIMIT_BYTES });
  #failure: CodiError | undefined;
  #isClosing = false;

  constructor(socket: Socket, ports: ClientPorts, listener: ConnectionListener) {
    this.#socket = socket;
    this.#ports = ports;
    this.#listener = listener;
    // Only where a socket does not read into the buffer that it was given.
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => {
      this.#failure ??= connectionLost(error.message);
    });
    socket.on('close', () => {
      const failure = this.#failure ?? connectionLost('the daemon closed the connection');
      listener.onClose(this.#isClosing ? undefined : failure);
    });
  }

  /** Queues a request on the socket. After the end of the connection it goes nowhere. */
  request<Kind extends RequestKind>(id: string, kind: Kind, body: BodyOf<Kind>): void {
    const time = formatRfc3339(timestampFromMs(this.#ports.nowMs()));
    this.sendFrame(encodeRequest(id, time, kind, body));
  }

  /** Queues a frame that was encoded before. */
  sendFrame(frame: Buffer): void {
    if (this.#socket.writable) this.#socket.write(frame);
  }

  /** Sends what is queued, then closes. The listener hears it as a close without an error. */
  end(): void {
    this.#isClosing = true;
    this.#socket.destroySoon();
  }

  /** Cuts the connection now; the listener is given this error. */
  fail(error: CodiError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  /** Takes bytes that came; keeps nothing of them but a copy. */
  receive(chunk: Buffer): void {
    const scan = this.#scanner.push(chunk);
    for (const frame of scan.frames) {
      const decoded = decodeAnswer(frame);
      if (!decoded.ok) return this.fail(decoded.error);
      this.#listener.onAnswer(decoded.payload);
      if (this.#socket.destroyed) return;
    }
    if (scan.error) this.fail(scan.error);
  }
}

/** The error of a connection that ended before its answers came. */
export function connectionLost(reason: string): CodiError {
  return new CodiError('CODI_CONNECTION_LOST', { reason });
}

/** Connects to the daemon, after checking whose socket it is. */
export async function openConnection(
  { target, timeoutMs, ports }: { target: Target; timeoutMs: number; ports: ClientPorts },
  listener: ConnectionListener,
): Promise<Connection> {
  // A daemon says nothing before it is asked, so that nothing comes before there is a connection.
  let receive: (bytes: Buffer) => void = () => undefined;
  const onread = {
    buffer: CHUNK,
    callback: (byteCount: number) => {
      receive(CHUNK.subarray(0, byteCount));
      return true;
    },
  };
  const socket =
    target.kind === 'tcp'
      ? await dialTcp(target, { timeoutMs, ports, onread })
      : await dialSocket({ socketPath: target.socketPath, timeoutMs, ports, onread });
  const connection = new Connection(socket, ports, listener);
  receive = (bytes) => connection.receive(bytes);
  return connection;
}
