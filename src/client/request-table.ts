import type { CodiError } from '../protocol/errors.ts';
import type { Payload } from '../protocol/messages.ts';
import type { ClientPorts, ClientTimer } from './ports.ts';

interface OpenRequest {
  timer: ClientTimer;
  resolve(payload: Payload): void;
  reject(error: CodiError): void;
}

/** Requests that wait for their answer, by id. */
export class RequestTable {
  readonly #ports: ClientPorts;
  readonly #open = new Map<string, OpenRequest>();

  constructor(ports: ClientPorts) {
    this.#ports = ports;
  }

  /** A promise of the answer; after `timeoutMs` it rejects with what `onTimeout` makes. */
  add(id: string, timeoutMs: number, onTimeout: () => CodiError): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const timer = this.#ports.setTimeout(() => {
        this.#open.delete(id);
        reject(onTimeout());
      }, timeoutMs);
      this.#open.set(id, { timer, resolve, reject });
    });
  }

  /** It could not be sent: nobody waits for its answer. */
  forget(id: string): void {
    this.#take(id);
  }

  /** Whether somebody still waits for this answer. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Hands an answer to its request; false when nobody waits for it (any more). */
  settle(id: string, payload: Payload): boolean {
    const request = this.#take(id);
    request?.resolve(payload);
    return request !== undefined;
  }

  /** The connection is gone, and with it every answer. */
  failAll(error: CodiError): void {
    for (const id of [...this.#open.keys()]) this.#take(id)?.reject(error);
  }

  #take(id: string): OpenRequest | undefined {
    const request = this.#open.get(id);
    if (!request) return undefined;
    this.#open.delete(id);
    this.#ports.clearTimeout(request.timer);
    return request;
  }
}
