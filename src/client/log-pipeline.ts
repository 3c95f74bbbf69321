import { CodiError } from '../protocol/errors.ts';
import { AnswerWatch } from './answer-watch.ts';
import { retryDelayMs } from './backoff.ts';
import type { EntryPlace, EntryWaiter, Waiting } from './entry-waiter.ts';
import { FlushWaiters } from './flush-waiters.ts';
import { LogBacklog } from './log-backlog.ts';
import type { LogEntryInput } from './log-entry.ts';
import type { LogPipelineHost, LogPipelineLimits, PipelineTerms } from './log-pipeline-host.ts';
import { LogWindow } from './log-window.ts';
import { sealParcel } from './parcel.ts';
import type { Parcel } from './parcel.ts';
import type { ParcelAnswer } from './parcel-answer.ts';
import type { ClientPorts, ClientTimer } from './ports.ts';
import { Trouble } from './trouble.ts';

/**
 * `flowing`: sending. `draining`: an entry was refused, what is in flight gets its answers first.
 * `pausing`: until everything unanswered is sent again.
 */
type Flow = 'detached' | 'flowing' | 'draining' | 'pausing';

const RESEND_DELAYS = { minMs: 50, maxMs: 5_000 };

/**
 * Sends entries in order, many at a time, and keeps each until its final answer. A refused or lost
 * one is sent again with everything after it, under the same sequence numbers, so that the daemon
 * stores each exactly once.
 */
export class LogPipeline {
  readonly #ports: ClientPorts;
  readonly #limits: LogPipelineLimits;
  readonly #host: LogPipelineHost;
  readonly #window = new LogWindow();
  readonly #backlog: LogBacklog;
  readonly #flushWaiters = new FlushWaiters();
  readonly #answerWatch: AnswerWatch;
  readonly #trouble: Trouble;
  #flow: Flow = 'detached';
  #send: (frame: Buffer) => void = () => undefined;
  #windowCount = 1;
  #nextSequence = 1;
  /** The next connection speaks for another producer: what is unanswered gets new numbers. */
  #isRenumbering = false;
  #isPumpScheduled = false;
  #resendAttempt = 0;
  #resendAfterMs = 0;
  #resendTimer: ClientTimer | undefined;
  #firstFailure: CodiError | undefined;

  constructor(ports: ClientPorts, limits: LogPipelineLimits, host: LogPipelineHost) {
    this.#ports = ports;
    this.#limits = limits;
    this.#host = host;
    this.#backlog = new LogBacklog(
      { count: limits.backlogCount, bytes: limits.backlogBytes },
      { count: limits.windowCount, bytes: limits.windowBytes },
    );
    this.#trouble = new Trouble(ports, limits.deadlineMs, (cause) => this.#giveUp(cause));
    const timeoutMs = limits.answerTimeoutMs;
    this.#answerWatch = new AnswerWatch(ports, {
      timeoutMs,
      isDue: () => this.#window.inFlight > 0,
      onSilence: () => {
        const error = new CodiError('CODI_TIMEOUT', { timeoutMs });
        host.replaceConnection(error, { newProducer: false });
      },
    });
  }

  /** True while entries wait for an answer. */
  get isBusy(): boolean {
    return this.#backlog.length > 0 || this.#window.entryCount > 0;
  }

  /** Takes an entry; the waiter hears its final answer, at once when it is not taken. */
  push(input: LogEntryInput, waiter: EntryWaiter): void {
    const error = this.#backlog.push(input, this.#ports.nowMs(), waiter);
    if (!error) return this.#schedulePump();
    this.#fail(waiter, 0, error);
    if (error.retryable) this.#host.onDropped(1, error);
  }

  /** True when there is room for more entries. */
  get hasRoom(): boolean {
    return this.#backlog.hasRoom;
  }

  /** Resolves when there is room for more entries. */
  room(): Promise<void> {
    return this.#backlog.room();
  }

  /** Waits for the final answers of everything pushed so far; throws the first failure since the last flush. */
  async flush(): Promise<void> {
    const ordinal = this.#backlog.lastOrdinal;
    if (this.#firstOpenOrdinal() <= ordinal) await this.#flushWaiters.wait(ordinal);
    const failure = this.#firstFailure;
    this.#firstFailure = undefined;
    if (failure) throw failure;
  }

  /**
   * A connection is ready. `committed` is the highest sequence that the daemon holds of this producer,
   * `window` how many entries it lets travel unanswered.
   */
  attach(send: (frame: Buffer) => void, { committed, window }: PipelineTerms): void {
    this.#begin(send, window);
    this.#acceptThrough(committed);
    const first = this.#window.first;
    if (first && first.firstSequence > committed + 1) {
      return this.startAnew(new CodiError('CODI_SEQUENCE_GAP', { expected: committed + 1 }));
    }
    if (!first) this.#nextSequence = committed + 1;
    this.#resend();
  }

  /** From now on entries go to the spool, which takes what has no answer first, under its numbers. */
  attachSpool(send: (frame: Buffer) => void): void {
    this.#begin(send, this.#limits.windowCount);
    this.#resend();
  }

  #begin(send: (frame: Buffer) => void, window: number): void {
    this.#send = send;
    this.#windowCount = Math.max(1, Math.min(this.#limits.windowCount, window));
    if (this.#isRenumbering) this.#nextSequence = this.#window.renumber(() => this.#ports.newId());
    this.#isRenumbering = false;
  }

  /** The connection is gone. */
  detach(error: CodiError): void {
    this.#flow = 'detached';
    this.#window.landAll();
    this.#answerWatch.stop();
    this.#clearResend();
    if (this.isBusy) this.#trouble.note(error);
  }

  /** An answer; false when it belongs to somebody else. */
  handle(answer: ParcelAnswer): boolean {
    const parcel = this.#window.get(answer.requestId);
    if (!parcel) return false;
    if (answer.status === 'queued') return true;
    this.#answerWatch.heard();
    this.#window.markInFlight(parcel, false);
    if (answer.status === 'accepted') this.#settle(parcel, answer.place, answer.rejected);
    else this.#refused(parcel, answer);
    this.#proceed();
    return true;
  }

  /** Gives up everything that waits; no timer is left running. */
  abandon(error: CodiError): void {
    const parcels = this.#window.takeAll();
    const waiting = this.#backlog.takeAll();
    this.#answerWatch.stop();
    this.#clearResend();
    this.#trouble.clear();
    let count = 0;
    for (const entries of [...parcels, waiting]) count += this.#failAll(entries, error);
    if (count > 0) this.#host.onDropped(count, error);
    this.#wakeFlush();
  }

  #refused(parcel: Parcel, answer: ParcelAnswer & { status: 'rejected' }): void {
    const { error, expectedSequence } = answer;
    if (!error.retryable) {
      this.#window.remove(parcel);
      return void this.#failAll(parcel, error);
    }
    const isGap = error.code === 'CODI_SEQUENCE_GAP';
    // A gap follows from another refusal, and that one is what a person can do something about.
    this.#trouble.note(isGap ? (this.#trouble.last ?? error) : error);
    if (this.#flow === 'flowing') {
      this.#flow = 'draining';
      const backoffMs = retryDelayMs(this.#resendAttempt, RESEND_DELAYS, this.#ports.random);
      this.#resendAfterMs = answer.retryAfterMs ?? (isGap ? 0 : backoffMs);
      this.#resendAttempt += 1;
    }
    if (!isGap || expectedSequence === undefined) return;
    this.#acceptThrough(expectedSequence - 1);
    const first = this.#window.first;
    if (first && first.firstSequence > expectedSequence) this.startAnew(error);
  }

  /**
   * The daemon expects a sequence that no entry here has any more. Giving it to another entry could
   * collide with what still travels on an old connection, so all go out under a new producer.
   */
  startAnew(error: CodiError): void {
    this.#trouble.note(error);
    this.#leaveProducer(error);
  }

  #leaveProducer(error: CodiError): void {
    this.#isRenumbering = true;
    this.#flow = 'detached';
    this.#host.replaceConnection(error, { newProducer: true });
  }

  #acceptThrough(sequence: number): void {
    for (const parcel of this.#window.takeThrough(sequence)) this.#settle(parcel, 'ledger');
  }

  #settle(parcel: Parcel, place: EntryPlace, rejected?: ReadonlyMap<number, CodiError>): void {
    this.#window.remove(parcel);
    const { id: messageId, firstSequence, firstOrdinal, waiters } = parcel;
    for (let index = 0; index < waiters.length; index++) {
      const waiter = waiters[index]!;
      const error = rejected?.get(index);
      if (error) this.#fail(waiter, firstOrdinal + index, error);
      else
        waiter.accept(firstOrdinal + index, { messageId, sequence: firstSequence + index, place });
    }
    this.#resendAttempt = 0;
    this.#trouble.clear();
  }

  #failAll({ waiters, firstOrdinal }: Waiting, error: CodiError): number {
    waiters.forEach((waiter, index) => this.#fail(waiter, firstOrdinal + index, error));
    return waiters.length;
  }

  #fail(waiter: EntryWaiter, ordinal: number, error: CodiError): void {
    this.#firstFailure ??= error;
    waiter.refuse(ordinal, error);
  }

  #proceed(): void {
    this.#wakeFlush();
    if (this.#flow === 'flowing' && this.#backlog.length > 0) this.#schedulePump();
    if (this.#flow !== 'draining' || this.#window.inFlight > 0) return;
    this.#flow = 'pausing';
    this.#resendTimer = this.#ports.setTimeout(() => this.#resend(), this.#resendAfterMs);
  }

  /** Sends everything unanswered again, in order, then goes on with new entries. */
  #resend(): void {
    this.#clearResend();
    this.#flow = 'flowing';
    for (const parcel of this.#window.all()) {
      this.#window.markInFlight(parcel, true);
      this.#send(parcel.frame);
    }
    this.#pump();
  }

  /** In a macro-task, so that entries of one turn travel together. */
  #schedulePump(): void {
    if (this.#isPumpScheduled) return;
    this.#isPumpScheduled = true;
    this.#ports.setImmediate(() => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#flow === 'detached' && this.#backlog.length > 0) this.#host.wantConnection();
    while (this.#flow === 'flowing' && this.#backlog.length > 0) {
      const places = this.#windowCount - this.#window.entryCount;
      const isFull = places <= 0 || this.#window.frameBytes >= this.#limits.windowBytes;
      if (isFull) break;
      this.#sendNext(places);
    }
    this.#wakeFlush();
    this.#answerWatch.start();
  }

  #sendNext(places: number): void {
    const parcel = this.#backlog.take(places, (run) =>
      sealParcel(run, this.#ports.newId(), this.#nextSequence),
    );
    if (!parcel) return;
    this.#nextSequence += parcel.waiters.length;
    this.#window.add(parcel);
    this.#send(parcel.frame);
  }

  #giveUp(cause: CodiError): void {
    if (this.#host.takesOver(cause)) return;
    this.abandon(cause);
    // What was given up may still be committed: later entries must not take its numbers.
    this.#leaveProducer(cause);
  }

  #firstOpenOrdinal(): number {
    const first = this.#window.first?.firstOrdinal ?? this.#backlog.firstOrdinal;
    return first ?? Number.POSITIVE_INFINITY;
  }

  #wakeFlush(): void {
    this.#flushWaiters.wake(this.#firstOpenOrdinal());
  }

  #clearResend(): void {
    if (this.#resendTimer) this.#ports.clearTimeout(this.#resendTimer);
    this.#resendTimer = undefined;
  }
}
