import type { Socket } from 'node:net';
import { LineSplitter } from '../../protocol/line-splitter.ts';

export interface LineClientLimits {
  requestBytes: number;
  requestsWaiting: number;
  requestsPerSecond: number;
  sendBytes: number;
}

export interface LineClientPorts {
  monotonicMs(): number;
  /** Answers one line with send(). Must not reject. */
  answer(line: string): Promise<void>;
  /** Everything that waited for the peer has left. */
  onDrained(): void;
  /** The peer has sent its last byte, or is gone: it gets what it is owed and nothing new. */
  onEnd(): void;
}

const SECOND_MS = 1_000;

/**
 * One peer. It is read no faster than it may ask and reads its answers; what it sends beyond that waits in its own
 * buffers. A line that is too long, or answers that nobody reads, cut it off.
 */
export class LineClient {
  readonly #socket: Socket;
  readonly #limits: LineClientLimits;
  readonly #ports: LineClientPorts;
  readonly #lines: LineSplitter;
  #waiting: string[] = [];
  #owed = 0;
  #hasEnded = false;
  #second = { startMs: 0, requests: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, limits: LineClientLimits, ports: LineClientPorts) {
    this.#socket = socket;
    this.#limits = limits;
    this.#ports = ports;
    this.#lines = new LineSplitter(limits.requestBytes);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => ports.onDrained());
    socket.on('end', () => this.#ended());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
  }

  /** Whether something that nobody asked for may be sent now: answers come first. */
  get hasRoom(): boolean {
    return this.#socket.writableLength < this.#limits.sendBytes / 2;
  }

  send(text: string): void {
    if (!this.#socket.writable) return;
    const heldBytes = this.#socket.writableLength;
    if (heldBytes > 0 && heldBytes + text.length > this.#limits.sendBytes) this.#socket.destroy();
    else this.#socket.write(`${text}\n`);
  }

  #receive(chunk: Buffer): void {
    const lines = this.#lines.push(chunk);
    if (!lines) return void this.#socket.destroy();
    for (const line of lines) {
      const text = line.trim();
      if (text !== '') this.#waiting.push(text);
    }
    this.#work();
  }

  #work(): void {
    while (this.#waiting.length > 0 && this.#owed < this.#limits.requestsWaiting) {
      if (!this.#mayAsk()) break;
      void this.#answer(this.#waiting.shift()!);
    }
    if (this.#waiting.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#hasEnded && this.#waiting.length === 0 && this.#owed === 0) this.#socket.end();
  }

  async #answer(line: string): Promise<void> {
    this.#owed += 1;
    await this.#ports.answer(line);
    this.#owed -= 1;
    this.#work();
  }

  #mayAsk(): boolean {
    if (this.#timer) return false;
    const nowMs = this.#ports.monotonicMs();
    const second = this.#second;
    if (nowMs - second.startMs >= SECOND_MS) this.#second = { startMs: nowMs, requests: 1 };
    else if (second.requests < this.#limits.requestsPerSecond) second.requests += 1;
    else {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#work();
        },
        second.startMs + SECOND_MS - nowMs,
      );
      return false;
    }
    return true;
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#ports.onEnd();
    this.#work();
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#ports.onEnd();
  }
}
