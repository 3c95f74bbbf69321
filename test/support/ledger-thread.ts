import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import { FrameScanner } from '#codi/protocol/frame.js';
import type { Message, Payload } from '#codi/protocol/messages.js';
import { contextText } from '#codi/workers/storage/contexts.messages.js';
import type {
  ConnectionAnswers,
  ConnectionContext,
  FromLedger,
  LedgerOptions,
  LedgerWork,
  PackedAnswers,
  ToLedger,
} from '#codi/workers/storage/ledger.messages.js';
import { eachAnswers } from '#codi/workers/storage/answers.messages.js';

/** Where the compiled worker entries are. */
export const STORAGE_DIR = new URL('../../dist/workers/storage/', import.meta.url);

/** A directory of its own for a test; the returned function removes it. */
export function temporaryDir(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'codi-storage-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function context(more: Partial<ConnectionContext> = {}): ConnectionContext {
  return {
    connection: 1,
    format: 'msgpack',
    producerId: null,
    sessionId: null,
    sessionBy: null,
    tenantId: null,
    userId: null,
    hasHello: true,
    ...more,
  };
}

/** The body of a framed message, as the main thread hands it over. */
export function bodyOf(
  payload: Payload,
  id: string = randomUUID(),
  format: 'msgpack' | 'json' = 'msgpack',
): Buffer {
  const message = { id, timestamp: { seconds: 1_700_000_000, nanos: 5 }, payload };
  const frame = encodeMessage(message, format);
  return format === 'json' ? frame.subarray(0, -1) : frame.subarray(4);
}

export function logEntry(message: string, more: Record<string, unknown> = {}): Payload {
  const body = { level: 'Info', component: 'test', message, ...more };
  return { kind: 'LogEntry', body } as Payload;
}

/** Bodies of one or more connections as one message to the ledger thread. */
export function entriesMessage(
  batch: number,
  frames: readonly (readonly [ConnectionContext, Uint8Array])[],
): Extract<ToLedger, { type: 'entries' }> {
  const contexts = [...new Set(frames.map(([owner]) => owner))];
  const triples: number[] = [];
  let offset = 0;
  for (const [owner, body] of frames) {
    triples.push(contexts.indexOf(owner), offset, body.length);
    offset += body.length;
  }
  const bytes = new Uint8Array(Buffer.concat(frames.map(([, body]) => body)));
  const texts = contexts.map(contextText);
  return { type: 'entries', batch, bytes, frames: Int32Array.from(triples), contexts: texts };
}

/** The answers in a ledger message, by connection. */
export function unpackAnswers(answers: PackedAnswers): ConnectionAnswers[] {
  const pages: ConnectionAnswers[] = [];
  eachAnswers(answers, (page) => pages.push(page));
  return pages;
}

/** The same, decoded. */
export function decodeAnswers(
  answers: readonly { connection: number; bytes: Uint8Array }[],
  format: 'msgpack' | 'json' = 'msgpack',
): { connection: number; message: Message }[] {
  return answers.flatMap(({ connection, bytes }) => {
    const scan = new FrameScanner({ limitBytes: 2 ** 24 }).push(Buffer.from(bytes));
    return scan.frames.map((frame) => {
      const decoded = decodeMessage(frame, format);
      if (!decoded.ok) throw decoded.error;
      return { connection, message: decoded.message };
    });
  });
}

/** A ledger thread under test. */
export class LedgerThread {
  readonly received: FromLedger[] = [];
  readonly exited: Promise<number>;
  readonly #worker: Worker;
  #wake: (() => void)[] = [];
  #hasExited = false;
  #error: unknown;
  #looked = 0;

  private constructor(options: LedgerOptions) {
    this.#worker = new Worker(new URL('ledger.worker.js', STORAGE_DIR), { workerData: options });
    this.#worker.on('message', (message: FromLedger | { type: 'sys.alive' }) => {
      // Heartbeats come whenever their time is.
      if (message.type === 'sys.alive') return;
      this.received.push(message);
      this.#notify();
    });
    this.#worker.on('error', (error) => {
      this.#error = error;
    });
    this.exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#hasExited = true;
        this.#notify();
        resolve(code);
      });
    });
  }

  static async start(options: LedgerOptions): Promise<LedgerThread> {
    const thread = new LedgerThread(options);
    await thread.next('sys.ready');
    return thread;
  }

  /** For tests of failing starts. */
  static spawn(options: LedgerOptions): LedgerThread {
    return new LedgerThread(options);
  }

  post(...messages: ToLedger[]): void {
    for (const message of messages) this.#worker.postMessage(message);
  }

  /** The next message of this type that was not looked at yet; others are passed over. */
  async next<Type extends FromLedger['type']>(
    type: Type,
  ): Promise<Extract<FromLedger, { type: Type }>> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      while (this.#looked < this.received.length) {
        const message = this.received[this.#looked++]!;
        if (message.type === type) return message as Extract<FromLedger, { type: Type }>;
      }
      if (this.#hasExited)
        throw new Error(`the thread ended before ${type}`, { cause: this.#error });
      await this.#changed(deadline - Date.now(), type);
    }
  }

  /** Posts work and waits until it is settled one way or the other. */
  async settle(...work: LedgerWork[]): Promise<FromLedger[]> {
    const from = this.received.length;
    const open = new Set(work.map(({ batch }) => batch));
    const deadline = Date.now() + 15_000;
    this.post(...work);
    let at = from;
    while (open.size > 0) {
      for (; at < this.received.length; at++) {
        const message = this.received[at]!;
        if (message.type === 'fatal') throw new Error(message.message);
        if ('batches' in message) for (const batch of message.batches) open.delete(batch);
        if ('batch' in message) open.delete(message.batch);
      }
      if (open.size > 0 && this.#hasExited)
        throw new Error('the thread ended', { cause: this.#error });
      if (open.size > 0) await this.#changed(deadline - Date.now(), 'settled work');
    }
    return this.received.slice(from);
  }

  async stop(): Promise<number> {
    this.post({ type: 'stop' });
    return await this.exited;
  }

  /** Ends the thread wherever it is. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const listener of wake) listener();
  }

  #changed(timeoutMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${what} in time`)), timeoutMs);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
