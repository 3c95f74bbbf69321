import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { SubscriptionEnd } from '../../protocol/debug/verbs.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';
import { Subscription } from './subscription.ts';

export interface SessionPorts {
  run(request: DebugRequest, session: Session): Promise<unknown>;
  hasRoom(): boolean;
  send(text: string): void;
  /** Who is at the other end, where that can be told. */
  peer(): Promise<PeerUser | undefined>;
  monotonicMs(): number;
  limits: { subscriptions: number; slowAfterMs: number };
}

/** Verb and parameters stand side by side. */
export interface DebugRequest {
  id: number | string;
  verb: string;
  [param: string]: unknown;
}

const ID_CHARS = 256;

/** What one client has asked for and follows. */
export class Session {
  readonly #ports: SessionPorts;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #drained = new Map<Subscription, () => void>();
  #lastSubscription = 0;
  #isLeaving = false;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  peer(): Promise<PeerUser | undefined> {
    return this.#ports.peer();
  }

  /** Sends the answer to one line. Never rejects. */
  async answer(line: string): Promise<void> {
    const { run, send } = this.#ports;
    let id: number | string | null = null;
    try {
      const request = parse(line);
      id = request.id;
      const result = await run(request, this);
      if (result instanceof Subscription) {
        send(JSON.stringify({ id, ok: true, result: { subscription: result.id } }));
        result.open();
      } else send(JSON.stringify({ id, ok: true, result }));
    } catch (error) {
      const known = isCodiError(error)
        ? error
        : new CodiError('CODI_INTERNAL', { reason: String(error) });
      send(JSON.stringify({ id, ok: false, error: known.toWire() }));
    }
  }

  /**
   * Its events leave after its number. `onRoom` is called when a client that had no room has taken everything.
   * @throws CodiError CODI_TRY_AGAIN when the client has as many as it may have, or is leaving
   */
  subscribe(onEnd: () => void, onRoom?: () => void): Subscription {
    const { limits, hasRoom, send, monotonicMs } = this.#ports;
    if (this.#isLeaving) {
      const reason = 'a subscription lasts as long as the client keeps its side of the connection';
      throw new CodiError('CODI_TRY_AGAIN', { reason }, { hint: 'keep the connection open' });
    }
    if (this.#subscriptions.size >= limits.subscriptions) {
      const reason = `this connection has its ${limits.subscriptions} subscriptions already`;
      throw new CodiError('CODI_TRY_AGAIN', { reason }, { hint: 'end one, or open a connection' });
    }
    this.#lastSubscription += 1;
    const subscription = new Subscription(this.#lastSubscription, {
      hasRoom,
      send,
      monotonicMs,
      slowAfterMs: limits.slowAfterMs,
      onEnd: () => {
        this.#subscriptions.delete(subscription.id);
        this.#drained.delete(subscription);
        onEnd();
      },
    });
    this.#subscriptions.set(subscription.id, subscription);
    if (onRoom) this.#drained.set(subscription, onRoom);
    return subscription;
  }

  unsubscribe(id: number): boolean {
    const subscription = this.#subscriptions.get(id);
    subscription?.end('unsubscribed');
    return subscription !== undefined;
  }

  onDrained(): void {
    for (const onRoom of [...this.#drained.values()]) onRoom();
  }

  endAll(reason: SubscriptionEnd): void {
    this.#isLeaving = true;
    for (const subscription of [...this.#subscriptions.values()]) subscription.end(reason);
  }
}

function parse(line: string): DebugRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new CodiError('CODI_FRAME_INVALID', { format: 'JSON', reason: 'it cannot be parsed' });
  }
  const request = value as Partial<DebugRequest> | null;
  const { id, verb } = request ?? {};
  const isNamed = typeof id === 'number' || (typeof id === 'string' && id.length <= ID_CHARS);
  if (typeof verb !== 'string' || !isNamed)
    throw new CodiError('CODI_MESSAGE_INVALID', { reason: 'a request needs an id and a verb' });
  return request as DebugRequest;
}
