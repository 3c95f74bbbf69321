/**
 * One client. It splits the byte stream into frames, hands entries to the ledger undecoded, answers everything
 * else, and owes one final answer to each message it took. It dies with its socket and is never restarted; what
 * it handed over is committed all the same.
 */
import { decodeMessage, encodeMessage } from '../../protocol/codec.ts';
import { closesConnection, CodiError, isCodiError } from '../../protocol/errors.ts';
import { FrameScanner } from '../../protocol/frame.ts';
import { ANSWER_KINDS, isRequestKind } from '../../protocol/kinds.ts';
import type { Message, Payload } from '../../protocol/messages.ts';
import { peekKind } from '../../protocol/peek.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type {
  ConnectionAnswers,
  ConnectionContext,
} from '../../workers/storage/ledger.messages.ts';
import { connectionMachine } from './connection.machine.ts';
import { Follows } from './follow.ts';
import { MessageRate } from './message-rate.ts';
import type { ClientSocket, ServingPorts } from './ports.ts';
import { errorPayload, failure, rejection } from './refusals.ts';
import { handleRequest } from './requests.ts';

const LEDGER_KINDS = new Set(['LogEntry', 'LogBatch']);
const ANSWERS = new Set<string>(ANSWER_KINDS);
const ANSWERS_KINDS_ORIGINAL = new Set(['Acknowledgment', 'LogResults', 'Error', 'Status']);

export function connectionSpec(
  connection: number,
  socket: ClientSocket,
  ports: ServingPorts,
): ActorSpec<never> {
  return {
    type: 'worker',
    id: `client-${connection}`,
    restart: 'temporary',
    shutdown: 3_000,
    start: (cell) => new Connection(cell, connection, socket, ports).behaviour(),
  };
}

export class Connection {
  readonly #cell: CellContext<never>;
  readonly #socket: ClientSocket;
  readonly #ports: ServingPorts;
  readonly #scanner: FrameScanner;
  readonly follows: Follows;
  /** Replaced, never changed: batches in flight keep the one they were sent under. */
  context: ConnectionContext;
  #owed = 0;
  #isFinishing = false;
  /** The stream cannot be trusted any more; nothing of it is taken. */
  #isBroken = false;
  readonly #rate: MessageRate | undefined;
  /** Reasons not to read any further at the moment. */
  #holds = 0;
  #isHeldByIngest = false;
  #hasFrame = false;
  #stopFrameTimer: (() => void) | undefined;

  constructor(
    cell: CellContext<never>,
    connection: number,
    socket: ClientSocket,
    ports: ServingPorts,
  ) {
    this.#cell = cell;
    this.#socket = socket;
    this.#ports = ports;
    this.#scanner = new FrameScanner({ limitBytes: ports.limits.frameLimitBytes });
    const { messagesPerSecond } = ports.limits;
    if (messagesPerSecond > 0) this.#rate = new MessageRate(messagesPerSecond, ports.monotonicMs());
    this.context = {
      connection,
      format: 'msgpack',
      producerId: null,
      hasHello: false,
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
    cell.scope.defer('closed', () => ports.telemetry.emit('ConnectionClosed', { connection }));
    socket.listen({
      onData: cell.scope.wrap((chunk: Buffer) => this.#receive(chunk)),
      onEnd: cell.scope.wrap(() => this.#peerEnded()),
      onDrain: cell.scope.wrap(() => this.follows.resume()),
      onClose: cell.scope.wrap(() => cell.raise({ type: 'socketClosed' })),
    });
    ports.telemetry.emit('ConnectionOpened', { connection });
  }

  behaviour() {
    return behaviour({
      machine: connectionMachine,
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
    this.#watchFrame(scan.frames.length > 0);
    if (scan.error) this.#break(scan.error);
    else this.#slowDown(scan.frames.length);
  }

  /** Who sends too much, or more than there is memory for, is not read for a while: nothing is lost. */
  #slowDown(messages: number): void {
    const waitMs = this.#rate?.take(messages, this.#ports.monotonicMs()) ?? 0;
    if (waitMs > 0) this.#hold((release) => this.#cell.scope.after(waitMs, release));
    if (!this.#ports.ingest.isPressing || this.#isHeldByIngest) return;
    this.#isHeldByIngest = true;
    this.#hold((release) =>
      this.#ports.ingest.whenDrained(() => {
        this.#isHeldByIngest = false;
        release();
      }),
    );
  }

  /** Half a frame holds memory, so its other half may not take for ever. */
  #watchFrame(isComplete: boolean): void {
    if (isComplete) this.#hasFrame = true;
    if (isComplete || this.#scanner.pendingBytes === 0) this.#stopWatchingFrame();
    if (this.#scanner.pendingBytes === 0 || this.#stopFrameTimer) return;
    const { firstFrameTimeoutMs, frameTimeoutMs } = this.#ports.limits;
    const timeoutMs = this.#hasFrame ? frameTimeoutMs : firstFrameTimeoutMs;
    this.#stopFrameTimer = this.#cell.scope.after(timeoutMs, () =>
      this.#break(new CodiError('CODI_HANDSHAKE_TIMEOUT', { timeoutMs })),
    );
  }

  #stopWatchingFrame(): void {
    this.#stopFrameTimer?.();
    this.#stopFrameTimer = undefined;
  }

  #take(body: Buffer): void {
    const { kind } = peekKind(body, this.context.format);
    if (kind !== undefined && LEDGER_KINDS.has(kind)) this.#takeEntries(body);
    else if (kind !== undefined && ANSWERS.has(kind)) this.#refuseAnswer(kind);
    else this.#takeRequest(body);
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

  #takeRequest(body: Buffer): void {
    const decoded = decodeMessage(body, this.context.format, this.#ports);
    if (!decoded.ok) {
      this.#refuseFrame(decoded.error, decoded.id);
      return;
    }
    this.#owed += 1;
    const { message } = decoded;
    const { kind } = message.payload;
    const startedAtMs = this.#ports.monotonicMs();
    const answer = this.#cell.scope.wrap((payload: Payload | undefined) => {
      const durationMs = this.#ports.monotonicMs() - startedAtMs;
      if (isRequestKind(kind)) this.#ports.telemetry.emit('RequestAnswered', { kind, durationMs });
      this.#settle(payload);
    });
    const fail = this.#cell.scope.wrap((error: unknown) => {
      if (!isCodiError(error)) throw error;
      answer(failure(message, error));
    });
    void handleRequest(this, message, this.#ports).then(answer, fail);
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

  #break(error: CodiError): void {
    if (this.#isFinishing || this.#isBroken) return;
    this.#isBroken = true;
    this.#owed += 1;
    this.#cell.raise({ type: 'broken', code: error.code });
    this.#settle(errorPayload(error, undefined));
  }

  #peerEnded(): void {
    const truncated = this.#scanner.end();
    if (truncated) this.#break(truncated);
    else this.#cell.raise({ type: 'peerEnded' });
  }

  /** The final answer to one message; undefined when the handler answered by itself. */
  #settle(payload: Payload | undefined): void {
    if (payload) this.#push(payload);
    this.#owed -= 1;
    this.#checkAnswered();
  }

  #deliver({ bytes, count, closedBy }: ConnectionAnswers): void {
    this.#write(bytes, count);
    this.#owed -= count;
    if (closedBy) this.#cell.raise({ type: 'broken', code: closedBy });
    this.#checkAnswered();
  }

  #push(payload: Payload): boolean {
    if (!this.context.hasHello && !ANSWERS_KINDS_ORIGINAL.has(payload.kind)) return true;
    const message = { id: this.#ports.newId(), timestamp: this.#ports.now(), payload } as Message;
    return this.#write(encodeMessage(message, this.context.format), 1);
  }

  /** A peer that does not read: an old client loses answers, counted; one that said Hello is cut off. */
  #write(bytes: Uint8Array, count: number): boolean {
    if (this.#socket.queuedBytes + bytes.length > this.#ports.limits.sendLimitBytes) {
      this.#ports.telemetry.emit('AnswersDropped', { count });
      if (this.context.hasHello) this.#socket.destroy();
      return false;
    }
    return this.#socket.write(bytes);
  }

  #checkAnswered(): void {
    if (this.#isFinishing && this.#owed <= 0 && !this.follows.isActive)
      this.#cell.raise({ type: 'answered' });
  }

  /** Stops reading until released: the kernel's socket buffer, and so the client, waits. */
  #hold(whenOver: (release: () => void) => void): void {
    this.#holds += 1;
    this.#socket.pause();
    this.#stopWatchingFrame();
    const release = this.#cell.scope.wrap(() => {
      this.#holds -= 1;
      if (this.#holds > 0) return;
      this.#socket.resume();
      this.#watchFrame(false);
    });
    whenOver(release);
  }
}
