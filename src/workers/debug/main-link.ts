import { readInFlight } from '../../supervisor/in-flight.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { BusyView } from '../../protocol/debug/tree-views.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';
import type { Ask, Asks, FromDebug, ToDebug } from './debug.messages.ts';

export type Answered<Result> = { ok: true; result: Result } | { ok: false; busy: BusyView };

type Reply = Extract<ToDebug, { askId: number }>;

interface Open {
  /** Monotonic ms. */
  sinceMs: number;
  settle(reply: Reply | undefined): void;
}

/** Questions that the main thread has not even looked at; more are not sent. */
const UNSEEN_MAX = 256;

export interface MainLinkPorts {
  post(message: FromDebug): void;
  inFlight: SharedArrayBuffer;
  timeoutMs: number;
  /** Wall clock and monotonic milliseconds. */
  nowMs(): number;
  monotonicMs(): number;
}

/** Asks the main thread, but never waits for it longer than the limit: then it tells what it is busy with. */
export class MainLink {
  readonly #ports: MainLinkPorts;
  readonly #open = new Map<number, Open>();
  /** Questions of the same words share an answer. */
  readonly #shared = new Map<string, Promise<Answered<unknown>>>();
  #lastId = 0;

  constructor(ports: MainLinkPorts) {
    this.#ports = ports;
  }

  /** A reading question. @throws CodiError what the actor refused it with */
  read<Verb extends keyof Asks>(
    verb: Verb,
    params: Asks[Verb]['params'],
  ): Promise<Answered<Asks[Verb]['result']>> {
    const key = JSON.stringify([verb, params]);
    const known = this.#shared.get(key);
    const answered = known ?? this.act(verb, params).finally(() => this.#shared.delete(key));
    if (!known) this.#shared.set(key, answered);
    return answered as Promise<Answered<Asks[Verb]['result']>>;
  }

  /** A question that has an effect, asked by `peer`. Without an answer in time it is not carried out. */
  act<Verb extends keyof Asks>(
    verb: Verb,
    params: Asks[Verb]['params'],
    peer?: PeerUser,
  ): Promise<Answered<Asks[Verb]['result']>> {
    if (this.#open.size >= UNSEEN_MAX) return Promise.resolve({ ok: false, busy: this.busy() });
    this.#lastId += 1;
    const askId = this.#lastId;
    const { timeoutMs } = this.#ports;
    const ask = { verb, params } as unknown as Ask;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      const settle = (reply: Reply | undefined) => {
        clearTimeout(timer);
        if (reply?.type === 'answer') resolve({ ok: true, result: reply.result as never });
        else if (reply?.type === 'refusal') reject(CodiError.fromWire(reply.error));
        else resolve({ ok: false, busy: this.busy() });
      };
      this.#open.set(askId, { sinceMs: this.#ports.monotonicMs(), settle });
      const expiresAtMs = this.#ports.nowMs() + timeoutMs;
      this.#ports.post({ type: 'ask', askId, ask, expiresAtMs, ...(peer && { peer }) });
    });
  }

  take(reply: Reply): void {
    this.#open.get(reply.askId)?.settle(reply);
    this.#open.delete(reply.askId);
  }

  /** What keeps the main thread from answering, as far as its marker tells. */
  busy(): BusyView {
    const { inFlight, nowMs, monotonicMs, timeoutMs } = this.#ports;
    const found = readInFlight(inFlight);
    // A turn that began just now is not what has kept it.
    const leastMs = timeoutMs / 2;
    const turnMs = found ? nowMs() - found.turnSinceMs : 0;
    if (!found || turnMs < leastMs) {
      const [oldest] = this.#open.values();
      return { busy_ms: Math.round(oldest ? monotonicMs() - oldest.sinceMs : 0) };
    }
    const { path, epoch, type: message, sinceMs } = found;
    const messageMs = nowMs() - sinceMs;
    if (message === undefined || messageMs < leastMs)
      return { path, epoch, busy_ms: Math.round(turnMs) };
    return { path, epoch, message, busy_ms: Math.round(messageMs) };
  }
}

/** "3200 ms in drain of core/storage/ledger", for errors. */
export function busyError(path: string, busy: BusyView): CodiError {
  const { path: culprit, message, busy_ms: busyMs } = busy;
  const where = culprit === undefined ? 'no actor' : placeOf(culprit, message);
  return new CodiError('CODI_ACTOR_BUSY', { path, busyMs, where, busy });
}

export function placeOf(path: string, message: string | undefined): string {
  return message === undefined ? `a step of ${path}` : `${message} of ${path}`;
}
