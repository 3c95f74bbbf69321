import type { CodiError } from '../protocol/errors.ts';
import type { Payload } from '../protocol/messages.ts';
import type { ClientPorts, ClientTimer } from './ports.ts';

/** Timers of Node take no longer ones. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Who waits for an answer. */
export interface Asker {
  resolve(payload: Payload): void;
  reject(error: CodiError): void;
  /** Why nothing came in time. */
  timeoutError(): CodiError;
}

interface OpenRequest {
  readonly asker: Asker;
  /** Monotonic, whole milliseconds. */
  readonly dueAtMs: number;
}

/** Requests that wait for their answer, by id. One timer stands for the deadlines of all. */
export class RequestTable {
  readonly #ports: ClientPorts;
  readonly #open = new Map<string, OpenRequest>();
  /** At the earliest deadline or before it: most requests are answered, and leave it as it is. */
  #alarm: { timer: ClientTimer; atMs: number } | undefined;

  constructor(ports: ClientPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#open.size;
  }

  add(id: string, timeoutMs: number, asker: Asker): void {
    const nowMs = this.#ports.monotonicMs();
    const dueAtMs = Math.ceil(nowMs + timeoutMs);
    this.#open.set(id, { asker, dueAtMs });
    if (!this.#alarm || dueAtMs < this.#alarm.atMs) this.#wakeAt(dueAtMs, nowMs);
  }

  /** Whether somebody still waits for this answer. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Hands an answer to its request; false when nobody waits for it (any more). */
  settle(id: string, payload: Payload): boolean {
    const request = this.#open.get(id);
    this.#open.delete(id);
    request?.asker.resolve(payload);
    return request !== undefined;
  }

  /** It could not be sent. */
  fail(id: string, error: CodiError): void {
    const request = this.#open.get(id);
    this.#open.delete(id);
    request?.asker.reject(error);
  }

  /** The connection is gone, and with it every answer. */
  failAll(error: CodiError): void {
    this.#stopAlarm();
    for (const id of [...this.#open.keys()]) this.fail(id, error);
  }

  #wakeAt(atMs: number, nowMs: number): void {
    this.#stopAlarm();
    const delayMs = Math.min(atMs - nowMs, LONGEST_TIMER_MS);
    const timer = this.#ports.setTimeout(() => this.#wake(), delayMs);
    this.#alarm = { timer, atMs };
  }

  #stopAlarm(): void {
    if (this.#alarm) this.#ports.clearTimeout(this.#alarm.timer);
    this.#alarm = undefined;
  }

  #wake(): void {
    this.#alarm = undefined;
    const nowMs = this.#ports.monotonicMs();
    let nextMs = Infinity;
    for (const [id, { asker, dueAtMs }] of this.#open) {
      if (dueAtMs <= nowMs) this.fail(id, asker.timeoutError());
      else nextMs = Math.min(nextMs, dueAtMs);
    }
    if (nextMs < Infinity) this.#wakeAt(nextMs, nowMs);
  }
}
