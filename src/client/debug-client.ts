import type { Socket } from 'node:net';
import type { TreeNodeView } from '../protocol/debug/tree-views.ts';
import type { DebugSubscriptions, DebugVerbs, SubscriptionEnd } from '../protocol/debug/verbs.ts';
import { CodiError } from '../protocol/errors.ts';
import type { WireError } from '../protocol/errors.ts';
import { connectionLost } from './connection.ts';
import { EventQueue, type DebugSubscription } from './debug-subscription.ts';
import { dialSocket } from './dial.ts';
import { LineSplitter } from '../protocol/line-splitter.ts';
import { nodeClientPorts } from './ports.ts';
import type { ClientPorts, ClientTimer } from './ports.ts';

export interface DebugClientOptions {
  /** The daemon's debug socket, beside its main one. */
  socketPath: string;
  connectTimeoutMs?: number;
  requestTimeoutMs?: number;
  ports?: ClientPorts;
}

interface OpenCall {
  timer: ClientTimer;
  resolve(result: unknown): void;
  reject(error: CodiError): void;
}

interface DebugAnswer {
  id?: number;
  ok?: boolean;
  result?: unknown;
  error?: WireError;
  /** Instead of an id: a line of a subscription. */
  subscription?: number;
  event?: unknown;
  end?: SubscriptionEnd;
  dropped?: number;
}

const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

/** A connection to the debug socket: newline-delimited JSON, one answer per request, and subscriptions. */
export class DebugClient {
  readonly #socket: Socket;
  readonly #ports: ClientPorts;
  readonly #timeoutMs: number;
  readonly #open = new Map<number, OpenCall>();
  readonly #subscriptions = new Map<number, EventQueue>();
  readonly #behind = new Set<EventQueue>();
  readonly #lines = new LineSplitter(LINE_LIMIT_BYTES);
  #lastId = 0;
  #end: CodiError | undefined;

  private constructor(socket: Socket, ports: ClientPorts, timeoutMs: number) {
    this.#socket = socket;
    this.#ports = ports;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(connectionLost(error.message)));
    socket.on('close', () => this.#fail(connectionLost('the daemon closed the debug connection')));
  }

  /** @throws CodiError CODI_UNREACHABLE, CODI_NOT_PERMITTED */
  static async connect(options: DebugClientOptions): Promise<DebugClient> {
    const ports = options.ports ?? nodeClientPorts();
    const timeoutMs = options.connectTimeoutMs ?? 2_000;
    const socket = await dialSocket({ socketPath: options.socketPath, timeoutMs, ports });
    return new DebugClient(socket, ports, options.requestTimeoutMs ?? 5_000);
  }

  /** @throws CodiError what the daemon answered, CODI_TIMEOUT, CODI_CONNECTION_LOST */
  call<Verb extends keyof DebugVerbs>(
    verb: Verb,
    params: DebugVerbs[Verb]['params'],
  ): Promise<DebugVerbs[Verb]['result']> {
    return this.#request(verb, params) as Promise<DebugVerbs[Verb]['result']>;
  }

  /**
   * Events until the subscription ends by itself or is closed. A reader that does not keep up is not read for, and
   * neither are the calls of this connection: the daemon then leaves events out, counts them, and ends what is
   * too slow.
   * @throws CodiError what the daemon answered, CODI_TIMEOUT, CODI_CONNECTION_LOST
   */
  async subscribe<Verb extends keyof DebugSubscriptions>(
    verb: Verb,
    params: DebugSubscriptions[Verb]['params'],
  ): Promise<DebugSubscription<DebugSubscriptions[Verb]['event']>> {
    const queue = await this.#request(verb, params, 'subscription');
    return queue as DebugSubscription<DebugSubscriptions[Verb]['event']>;
  }

  tree(): Promise<TreeNodeView> {
    return this.call('tree', {});
  }

  kill(path: string): Promise<DebugVerbs['kill']['result']> {
    return this.call('kill', { path });
  }

  close(): void {
    this.#fail(connectionLost('closed'));
    this.#socket.destroy();
  }

  #request(verb: string, params: object, kind?: 'subscription'): Promise<unknown> {
    if (this.#end) return Promise.reject(this.#end);
    this.#lastId += 1;
    const id = this.#lastId;
    const timeoutMs = this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const timer = this.#ports.setTimeout(() => {
        this.#open.delete(id);
        reject(new CodiError('CODI_TIMEOUT', { timeoutMs }));
      }, timeoutMs);
      // Its first events may come with the answer, in one piece.
      const onResult = (result: unknown) =>
        resolve(kind === 'subscription' ? this.#begin(result) : result);
      this.#open.set(id, { timer, resolve: onResult, reject });
      this.#socket.write(`${JSON.stringify({ ...params, id, verb })}\n`);
    });
  }

  #begin(result: unknown): EventQueue {
    const { subscription } = result as { subscription: number };
    const queue: EventQueue = new EventQueue({
      onBehind: (isBehind) => {
        if (isBehind) this.#behind.add(queue);
        else this.#behind.delete(queue);
        if (this.#behind.size > 0) this.#socket.pause();
        else this.#socket.resume();
      },
      onClose: () => {
        this.#subscriptions.delete(subscription);
        // It may have ended meanwhile, with the connection or without.
        this.#request('unsubscribe', { subscription }).catch(() => undefined);
      },
    });
    this.#subscriptions.set(subscription, queue);
    return queue;
  }

  #receive(chunk: Buffer): void {
    const lines = this.#lines.push(chunk);
    if (!lines) return this.#break('a line that is too long');
    for (const line of lines) {
      if (!this.#settle(line)) return this.#break('something that is not an answer');
    }
  }

  #settle(line: string): boolean {
    const answer = parseAnswer(line);
    if (!answer) return false;
    if (answer.subscription !== undefined) this.#deliver(answer.subscription, answer);
    const call = this.#open.get(answer.id ?? -1);
    if (!call) return true;
    this.#open.delete(answer.id ?? -1);
    this.#ports.clearTimeout(call.timer);
    if (answer.ok === true) call.resolve(answer.result);
    else call.reject(CodiError.fromWire(answer.error ?? { code: 'CODI_INTERNAL', message: line }));
    return true;
  }

  #deliver(subscription: number, { event, end, dropped = 0 }: DebugAnswer): void {
    const queue = this.#subscriptions.get(subscription);
    if (end === undefined) return queue?.push(event);
    this.#subscriptions.delete(subscription);
    queue?.end({ reason: end, dropped });
  }

  #break(what: string): void {
    const reason = `the debug socket sent ${what}`;
    this.#fail(new CodiError('CODI_MESSAGE_INVALID', { reason }));
    this.#socket.destroy();
  }

  #fail(error: CodiError): void {
    this.#end ??= error;
    for (const call of this.#open.values()) {
      this.#ports.clearTimeout(call.timer);
      call.reject(error);
    }
    this.#open.clear();
    for (const queue of this.#subscriptions.values()) queue.fail(error);
    this.#subscriptions.clear();
  }
}

function parseAnswer(line: string): DebugAnswer | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as DebugAnswer) : undefined;
  } catch {
    return undefined;
  }
}
