import { CodiError } from '../protocol/errors.ts';
import type { RequestKind } from '../protocol/kinds.ts';
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
  #waiting = 0;
  #closed: CodiError | undefined;

  constructor(ports: ClientPorts, link: Link) {
    this.#ports = ports;
    this.#link = link;
    this.#table = new RequestTable(ports);
  }

  /** How many wait for a connection or for their answer. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Throws what the daemon answered, CODI_TIMEOUT, CODI_CONNECTION_LOST. */
  async ask<Kind extends AskableKind>(
    kind: Kind,
    body: BodyOf<Kind>,
    options: AskOptions,
  ): Promise<AnswerOf[Kind]> {
    this.#waiting += 1;
    try {
      const payload = await this.#send(kind, body, options);
      if (payload.kind === 'Error') throw errorFromAnswer(payload.body);
      if (payload.kind === 'Acknowledgment' && typeof payload.body.status === 'object') {
        throw errorFromAcknowledgment(payload.body.code, payload.body.status.Rejected);
      }
      if (payload.kind !== ANSWER_KIND[kind]) {
        const reason = `${payload.kind} is no answer to ${kind}`;
        throw new CodiError('CODI_MESSAGE_INVALID', { reason });
      }
      return payload.body as AnswerOf[Kind];
    } finally {
      this.#waiting -= 1;
    }
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

  async #send<Kind extends AskableKind & RequestKind>(
    kind: Kind,
    body: BodyOf<Kind>,
    { timeoutMs, connection, id = this.#ports.newId() }: AskOptions,
  ): Promise<Payload> {
    if (!isAnswerCodecLoaded()) await loadAnswerCodec();
    if (this.#closed) throw this.#closed;
    const answer = this.#table.add(id, timeoutMs, () => this.#timeoutError(timeoutMs));
    const send = (up: Connection) => {
      if (!this.#table.has(id)) return;
      try {
        up.request(id, kind, body);
      } catch (error) {
        this.#table.forget(id);
        throw error;
      }
    };
    const ready = connection ?? this.#link.connection;
    if (!ready) {
      const sent = this.#link.whenUp().then(send);
      return Promise.race([answer, sent.then(() => answer)]);
    }
    send(ready);
    return answer;
  }

  #timeoutError(timeoutMs: number): CodiError {
    if (this.#link.connection === undefined && this.#link.lastError) return this.#link.lastError;
    return new CodiError('CODI_TIMEOUT', { timeoutMs });
  }
}
