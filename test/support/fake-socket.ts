import type { Peer } from '#codi/actors/serving/door.js';
import type { ClientSocket } from '#codi/actors/serving/ports.js';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import { FrameScanner } from '#codi/protocol/frame.js';
import type { Message } from '#codi/protocol/messages.js';
import type { VirtualClock } from './virtual-environment.ts';

let nextId = 1;

/** Ids in the order they were made. */
export function countingId(): string {
  return `00000000-0000-4000-8000-${(nextId++).toString(16).padStart(12, '0')}`;
}

/** The server's end of a client, with the client's hands on it. */
export class FakeSocket implements ClientSocket {
  readonly #clock: VirtualClock;
  readonly peer: Peer;
  #listener: Parameters<ClientSocket['listen']>[0] | undefined;
  #written: Buffer[] = [];
  #waiting: Buffer[] = [];
  /** The kernel takes nothing: what is written waits. */
  isBlocked = false;
  isPaused = false;
  isEnded = false;
  isDestroyed = false;
  isClosed = false;

  constructor(clock: VirtualClock, peer: Peer = { transport: 'unix' }) {
    this.#clock = clock;
    this.peer = peer;
  }

  write(bytes: Uint8Array): boolean {
    if (this.isDestroyed) return false;
    (this.isBlocked ? this.#waiting : this.#written).push(Buffer.from(bytes));
    return !this.isBlocked;
  }

  get queuedBytes(): number {
    return this.#waiting.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  listen(listener: Parameters<ClientSocket['listen']>[0]): void {
    this.#listener = listener;
    if (this.isDestroyed) listener.onClose();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
    if (!this.isBlocked) this.destroy();
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.#clock.setImmediate(() => {
      this.isClosed = true;
      this.#listener?.onClose();
    });
  }

  /** From here on: what the peer does. */
  bytes(chunk: Buffer): void {
    if (!this.isDestroyed) this.#listener?.onData(chunk);
  }

  /** Sends one message; gives its id. */
  send(kind: string, body: object, id = countingId()): string {
    this.bytes(frameOf(kind, body, id));
    return id;
  }

  peerEnd(): void {
    this.#listener?.onEnd();
  }

  /** The peer reads again. */
  drain(): void {
    this.isBlocked = false;
    this.#written.push(...this.#waiting.splice(0));
    if (this.isEnded) this.destroy();
    else this.#listener?.onDrain();
  }

  get isConnected(): boolean {
    return this.#listener !== undefined;
  }

  /** Everything the peer was sent, decoded. */
  get messages(): Message[] {
    const scanner = new FrameScanner({ limitBytes: 1024 * 1024 });
    const { frames } = scanner.push(Buffer.concat(this.#written));
    return frames.map((frame) => {
      const decoded = decodeMessage(frame, scanner.format!);
      if (!decoded.ok) throw decoded.error;
      return decoded.message;
    });
  }

  get kinds(): string[] {
    return this.messages.map(({ payload }) => payload.kind);
  }

  /** Bodies of the answers of a kind. */
  bodies(kind: string): any[] {
    return this.messages.filter(({ payload }) => payload.kind === kind).map((m) => m.payload.body);
  }
}

export function frameOf(
  kind: string,
  body: object,
  id = countingId(),
  format: 'msgpack' | 'json' = 'msgpack',
) {
  const message = { id, timestamp: { seconds: 1_700_000_000, nanos: 0 }, payload: { kind, body } };
  return encodeMessage(message as Message, format);
}

export function entryBody(message: string) {
  return { level: 'Info', component: 'test', message };
}
