/**
 * One client. It splits the byte stream into frames, hands entries to the ledger undecoded, answers everything
 * else, and owes one final answer to each message it took. It dies with its socket and is never restarted; what
 * it handed over is committed all the same.
 */
import { decodeMessage, encodeMessage } from '../../protocol/codec.ts';
import { closesConnection, CodiError } from '../../protocol/errors.ts';
import { FrameScanner } from '../../protocol/frame.ts';
import { ANSWER_KINDS, isRequestKind } from '../../protocol/kinds.ts';
import type { BodyOf, Message, Payload } from '../../protocol/messages.ts';
import { peekKind } from '../../protocol/peek.ts';
import type { CLOSE_REASONS } from '../../telemetry/labels.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type {
  ConnectionAnswers,
  ConnectionContext,
} from '../../workers/storage/ledger.messages.ts';
import { answerRequest } from './answering.ts';
import { connectionMachine } from './connection.machine.ts';
import type { Door } from './door.ts';
import { Entrance } from './entrance.ts';
import { Follows } from './follow.ts';
import { Inflow } from './inflow.ts';
import { Outflow } from './outflow.ts';
import type { ClientSocket, ServingPorts } from './ports.ts';
import { errorPayload, failure, rejection } from './refusals.ts';
import type { Answer } from './requests.ts';

const ANSWERS = new Set<string>(ANSWER_KINDS);
const TIMEOUTS = new Set<string>(['CODI_HELLO_TIMEOUT', 'CODI_HANDSHAKE_TIMEOUT']);
const ANSWERS_KINDS_ORIGINAL = new Set(['Acknowledgment', 'LogResults', 'Error', 'Status']);

type HelloBody = BodyOf<'Hello'>;
type CloseReason = (typeof CLOSE_REASONS)[number];

export function connectionSpec(
  connection: number,
  socket: ClientSocket,
  ports: ServingPorts,
  door: Door,
): ActorSpec<never> {
  return {
    type: 'worker',
    id: `client-${connection}`,
    restart: 'temporary',
    shutdown: 3_000,
    start: (cell) => new Connection(cell, connection, socket, ports, door).behaviour(),
  };
}

export class Connection {
  readonly #cell: CellContext<never>;
  readonly #socket: ClientSocket;
  readonly #ports: ServingPorts;
  readonly #scanner: FrameScanner;
  readonly #entrance: Entrance;
  readonly #inflow: Inflow;
  readonly #outflow: Outflow;
  readonly follows: Follows;
  readonly isLocal: boolean;
  /** Replaced, never changed: batches in flight keep the one they were sent under. */
  context: ConnectionContext;
  #owed = 0;
  #isFinishing = false;
  /** The stream cannot be trusted any more; nothing of it is taken. */
  #isBroken = false;
  #lastWord: Payload | undefined;
  #closeReason: CloseReason | undefined;

  constructor(
    cell: CellContext<never>,
    connection: number,
    socket: ClientSocket,
    ports: ServingPorts,
    door: Door,
  ) {
    this.#cell = cell;
    this.#socket = socket;
    this.isLocal = socket.peer.transport === 'unix';
    this.#ports = ports;
    this.#scanner = new FrameScanner({ limitBytes: ports.limits.frameLimitBytes });
    this.#entrance = new Entrance({
      scope: cell.scope,
      ports,
      door,
      socket,
      end: (error) => this.#break(error),
    });
    this.#inflow = new Inflow(connection, cell.scope, socket, ports, (error) => this.#break(error));
    this.#outflow = new Outflow(socket, ports, {
      isGreeted: () => this.context.hasHello,
      onCut: () => (this.#closeReason = 'slowConsumer'),
    });
    this.context = {
      connection,
      format: 'msgpack',
      producerId: null,
      hasHello: false,
      sessionBy: null,
      ...ports.identity,
    };
    this.follows = new Follows(
      cell.scope,
      ports,
      (payload) => this.#push(payload),
      () => this.#checkAnswered(),
    );
    const unregister = ports.register(
      connection,
      cell.scope.wrap((answers: ConnectionAnswers) => this.#deliver(answers)),
    );
    cell.scope.defer('socket', () => socket.destroy());
    cell.scope.defer('answers', unregister);
    cell.scope.defer('session', () => ports.sessions.bind(connection, null));
    cell.scope.defer('room', () => {
      ports.lobby.leave(socket);
      this.#outflow.close();
    });
    cell.scope.defer('closed', () =>
      ports.telemetry.emit('ConnectionClosed', {
        connection,
        ...(this.#closeReason && { reason: this.#closeReason }),
      }),
    );
    socket.listen({
      onData: cell.scope.wrap((chunk: Buffer) => this.#receive(chunk)),
      onEnd: cell.scope.wrap(() => this.#peerEnded()),
      onDrain: cell.scope.wrap(() => this.#drained()),
      onClose: cell.scope.wrap(() => cell.raise({ type: 'socketClosed' })),
    });
    ports.telemetry.emit('ConnectionOpened', { connection, door: door.name, from: this.who });
  }

  get who(): string {
    return this.#entrance.who;
  }

  behaviour() {
    return behaviour({
      machine: connectionMachine,
      status: () => ({ note: this.who }),
      effects: {
        'effect.refuse': ({ code }) => this.#ports.telemetry.emit('FrameRejected', { code }),
        'effect.finish': () => {
          this.#isFinishing = true;
          this.#checkAnswered();
        },
        'effect.stopFollows': () => {
          this.follows.stopAll();
          this.#checkAnswered();
        },
        'effect.end': () => this.#socket.end(),
        'effect.cut': () => this.#socket.destroy(),
      },
    });
  }

  /** After Hello: the machine knows the peer speaks the present protocol. */
  greet(context: ConnectionContext): void {
    this.context = context;
    this.#cell.raise({ type: 'hello' });
  }

  #receive(chunk: Buffer): void {
    if (this.#isFinishing || this.#isBroken) return;
    const scan = this.#scanner.push(chunk);
    const format = this.#scanner.format;
    if (format && format !== this.context.format) this.context = { ...this.context, format };
    for (const body of scan.frames) {
      this.#take(body);
      if (this.#isBroken) return;
    }
    const heldBytes = this.#scanner.pendingBytes;
    if (scan.error) this.#break(scan.error);
    else if (this.#entrance.isTooMuch(heldBytes)) this.#break(new CodiError('CODI_TOKEN_REQUIRED'));
    else this.#inflow.took(scan.frames.length, chunk.length, heldBytes);
  }

  #take(body: Buffer): void {
    const { kind } = peekKind(body, this.context.format);
    if (!this.#entrance.isOpen && kind !== 'Hello')
      this.#break(new CodiError('CODI_TOKEN_REQUIRED'));
    else if (kind !== undefined && this.#entrance.ledgerKinds.has(kind)) this.#takeEntries(body);
    else if (kind !== undefined && ANSWERS.has(kind)) this.#refuseAnswer(kind);
    else this.#takeRequest(body, kind);
  }

  #takeEntries(body: Buffer): void {
    this.#owed += 1;
    if (this.#ports.ingest.offerFrame(this.context, body)) return;
    const decoded = decodeMessage(body, this.context.format, this.#ports);
    const id = decoded.ok ? decoded.message.id : decoded.id;
    const refusal = this.#ports.ingest.refusal();
    this.#ports.telemetry.emit('EntriesRejected', { code: refusal.code, count: 1 });
    this.#settle(rejection(id, refusal));
  }

  #takeRequest(body: Buffer, peeked: string | undefined): void {
    const decoded = decodeMessage(body, this.context.format, this.#ports, peeked);
    if (!decoded.ok) {
      this.#refuseFrame(decoded.error, decoded.id);
      return;
    }
    const { message } = decoded;
    const { kind, body: request } = message.payload;
    const refusal = isRequestKind(kind) ? this.#entrance.refusal(kind) : undefined;
    const unproven =
      refusal || kind !== 'Hello' ? undefined : this.#entrance.show((request as HelloBody).token);
    if (unproven) return this.#break(unproven, message.id);
    this.#owed += 1;
    if (refusal) return this.#refuse(message, refusal);
    answerRequest(this, message, this.#ports, {
      scope: this.#cell.scope,
      settle: (given) => this.#settle(given),
    });
  }

  /** What this peer may not do; the connection goes on. */
  #refuse(message: Message, error: CodiError): void {
    this.#ports.telemetry.emit('FrameRejected', { code: error.code });
    this.#settle(failure(message, error));
  }

  /** Answers may be far larger than questions, so one that comes from a client is not even decoded. */
  #refuseAnswer(kind: string): void {
    const error = new CodiError('CODI_MESSAGE_UNEXPECTED', { kind, reason: 'it is an answer' });
    this.#owed += 1;
    this.#ports.telemetry.emit('FrameRejected', { code: error.code });
    this.#settle(errorPayload(error, undefined));
  }

  /** A frame whose bounds are known but whose content is not a message: said so; garbage also ends the connection. */
  #refuseFrame(error: CodiError, id: string | undefined): void {
    if (id === undefined || closesConnection(error.code)) {
      this.#break(error);
      return;
    }
    this.#owed += 1;
    this.#ports.telemetry.emit('FrameRejected', { code: error.code });
    this.#settle(errorPayload(error, id));
  }

  /** Takes nothing more; says why, about a message when it is known, behind the answers to what it took. */
  #break(error: CodiError, id?: string): void {
    if (this.#isFinishing || this.#isBroken) return;
    this.#isBroken = true;
    this.#lastWord = errorPayload(error, id);
    this.#closeReason = TIMEOUTS.has(error.code) ? 'handshakeTimeout' : 'refused';
    this.#cell.raise({ type: 'broken', code: error.code });
  }

  #peerEnded(): void {
    const truncated = this.#scanner.end();
    this.#closeReason ??= 'clientClosed';
    if (truncated) this.#break(truncated);
    else this.#cell.raise({ type: 'peerEnded' });
  }

  /** The final answer to one message. */
  #settle(given: Answer): void {
    if (given && 'encode' in given) this.#outflow.write(given.encode(this.context.format), 1);
    else if (given) this.#push(given);
    this.#owed -= 1;
    this.#checkAnswered();
  }

  #deliver({ bytes, count, closedBy }: ConnectionAnswers): void {
    this.#outflow.writePart(bytes, count);
    this.#owed -= count;
    if (closedBy) this.#cell.raise({ type: 'broken', code: closedBy });
    this.#checkAnswered();
  }

  #push(payload: Payload): boolean {
    if (!this.context.hasHello && !ANSWERS_KINDS_ORIGINAL.has(payload.kind)) return true;
    const message = { id: this.#ports.newId(), timestamp: this.#ports.now(), payload } as Message;
    return this.#outflow.write(encodeMessage(message, this.context.format), 1);
  }

  #drained(): void {
    this.#outflow.drained();
    this.follows.resume();
  }

  #checkAnswered(): void {
    if (!this.#isFinishing || this.#owed > 0 || this.follows.isActive) return;
    if (this.#lastWord) this.#push(this.#lastWord);
    this.#lastWord = undefined;
    this.#cell.raise({ type: 'answered' });
  }
}
