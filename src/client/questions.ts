import { CodiError } from '../protocol/errors.ts';
import type { BodyOf, Payload } from '../protocol/messages.ts';
import { errorFromAcknowledgment, errorFromAnswer } from './answer-errors.ts';
import { ANSWER_KIND } from './answers.ts';
import type { AnswerOf, AskableKind } from './answers.ts';
import type { Connection } from './connection.ts';
import type { Link } from './link.ts';
import type { ClientPorts } from './ports.ts';
import { RequestTable } from './request-table.ts';
import { isAnswerCodecLoaded, loadAnswerCodec } from './wire.ts';

export interface AskOptions {
  timeoutMs: number;
  /** Of the message; the daemon answers a change that comes again under its id without repeating it. */
  id?: string;
  /** Only this connection will do; else the present one, or the next. */
  connection?: Connection;
}

/** Requests and their answers. */
export class Questions {
  readonly #ports: ClientPorts;
  readonly #link: Link;
  readonly #table: RequestTable;
  #closed: CodiError | undefined;

  constructor(ports: ClientPorts, link: Link) {
    this.#ports = ports;
    this.#link = link;
    this.#table = new RequestTable(ports);
  }

  /** How many wait for a connection or for their answer. */
  get waiting(): number {
    return this.#table.size;
  }

  /** Rejects with what the daemon answered, CODI_TIMEOUT, CODI_CONNECTION_LOST. */
  ask<Kind extends AskableKind>(
    kind: Kind,
    body: BodyOf<Kind>,
    { timeoutMs, connection, id = this.#ports.newId() }: AskOptions,
  ): Promise<AnswerOf[Kind]> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#table.add(id, timeoutMs, {
        resolve: (payload) => {
          const error = whyNot(payload, kind);
          if (error) reject(error);
          else resolve(payload.body as AnswerOf[Kind]);
        },
        reject,
        timeoutError: () => this.#timeoutError(timeoutMs),
      });
      const up = connection ?? this.#link.connection;
      if (up && isAnswerCodecLoaded()) this.#send(up, id, kind, body);
      else
        this.#sendLater(connection, id, kind, body).catch((error: CodiError) =>
          this.#table.fail(id, error),
        );
    });
  }

  /** Hands an answer to its request; false when nobody waits for it (any more). */
  settle(id: string, payload: Payload): boolean {
    return this.#table.settle(id, payload);
  }

  failAll(error: CodiError): void {
    this.#table.failAll(error);
  }

  /** Whoever waits, and whoever asks from now on, gets this error. */
  close(error: CodiError): void {
    this.#closed ??= error;
    this.failAll(error);
  }

  async #sendLater<Kind extends AskableKind>(
    connection: Connection | undefined,
    id: string,
    kind: Kind,
    body: BodyOf<Kind>,
  ): Promise<void> {
    await loadAnswerCodec();
    const up = connection ?? (await this.#link.whenUp());
    if (this.#table.has(id)) this.#send(up, id, kind, body);
  }

  #send<Kind extends AskableKind>(
    up: Connection,
    id: string,
    kind: Kind,
    body: BodyOf<Kind>,
  ): void {
    try {
      up.request(id, kind, body);
    } catch (error) {
      this.#table.fail(id, error as CodiError);
    }
  }

  #timeoutError(timeoutMs: number): CodiError {
    if (this.#link.connection === undefined && this.#link.lastError) return this.#link.lastError;
    return new CodiError('CODI_TIMEOUT', { timeoutMs });
  }
}

/** Why this is not the answer that was waited for. */
function whyNot(payload: Payload, kind: AskableKind): CodiError | undefined {
  if (payload.kind === 'Error') return errorFromAnswer(payload.body);
  if (payload.kind === 'Acknowledgment' && typeof payload.body.status === 'object')
    return errorFromAcknowledgment(payload.body.code, payload.body.status.Rejected);
  if (payload.kind === ANSWER_KIND[kind]) return undefined;
  const reason = `${payload.kind} is no answer to ${kind}`;
  return new CodiError('CODI_MESSAGE_INVALID', { reason });
}
