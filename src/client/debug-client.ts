import type { Socket } from 'node:net';
import type { TreeNodeView } from '../protocol/debug/tree-views.ts';
import type { DebugVerbs } from '../protocol/debug/verbs.ts';
import { CodiError } from '../protocol/errors.ts';
import type { WireError } from '../protocol/errors.ts';
import { connectionLost } from './connection.ts';
import { dialSocket } from './dial.ts';
import { LineSplitter } from './line-splitter.ts';
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
}

const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

/** A connection to the debug socket: newline-delimited JSON, one answer per request. */
export class DebugClient {
  readonly #socket: Socket;
  readonly #ports: ClientPorts;
  readonly #timeoutMs: number;
  readonly #open = new Map<number, OpenCall>();
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
    if (this.#end) return Promise.reject(this.#end);
    this.#lastId += 1;
    const id = this.#lastId;
    const timeoutMs = this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const timer = this.#ports.setTimeout(() => {
        this.#open.delete(id);
        reject(new CodiError('CODI_TIMEOUT', { timeoutMs }));
      }, timeoutMs);
      const onResult = resolve as (result: unknown) => void;
      this.#open.set(id, { timer, resolve: onResult, reject });
      this.#socket.write(`${JSON.stringify({ ...params, id, verb })}\n`);
    });
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
    const call = this.#open.get(answer.id ?? -1);
    if (!call) return true;
    this.#open.delete(answer.id ?? -1);
    this.#ports.clearTimeout(call.timer);
    if (answer.ok === true) call.resolve(answer.result);
    else call.reject(CodiError.fromWire(answer.error ?? { code: 'CODI_INTERNAL', message: line }));
    return true;
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
