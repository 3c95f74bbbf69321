/**
 * Writes every committed file event to the logs that are asked for, each once and in order. The ledger is the buffer:
 * a log that cannot be written to now goes on later where it stopped, and after a kill behind its last whole line.
 */
import type { EventRow } from '../../protocol/messages.ts';
import { isCodiError } from '../../protocol/errors.ts';
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type { EventLog, EventLogPorts } from './event-log-ports.ts';

const PAGE_EVENTS = 500;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;
/** What takes longer than this is told. */
const TELL_AFTER_TRIES = 5;

export function eventLogSpec(ports: EventLogPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'event-log',
    ...SERVICE_RESTARTS,
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, ports: EventLogPorts) {
  const writers = ports.logs.map((log) => new LogWriter(cell, log, ports));
  const close = async () => void (await Promise.all(writers.map((writer) => writer.close())));
  cell.scope.defer('event logs', close);
  const look = cell.scope.wrap(() => writers.forEach((writer) => writer.look()));
  cell.scope.defer('committed feed', ports.feed.subscribe(look));
  look();
  return behaviour({
    machine: closingMachine('eventLog', 'following'),
    effects: {
      'effect.close': () => {
        const done = cell.scope.wrap(() => cell.raise({ type: 'closed' }));
        void close().then(done, done);
      },
    },
    status: () => {
      const behind = Math.max(0, ...writers.map((writer) => writer.behindCount));
      return { note: behind === 0 ? 'all is written' : `${behind} events to write` };
    },
  });
}

/** One log and how far it has come. */
class LogWriter {
  readonly #cell: CellContext<never>;
  readonly #log: EventLog;
  readonly #ports: EventLogPorts;
  #seq: number | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(cell: CellContext<never>, log: EventLog, ports: EventLogPorts) {
    this.#cell = cell;
    this.#log = log;
    this.#ports = ports;
  }

  get behindCount(): number {
    return this.#ports.feed.head().events - (this.#seq ?? 0);
  }

  /** Writes what is committed and not yet written. */
  look(): void {
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    void this.#run().then(
      this.#cell.scope.wrap(() => {
        this.#isRunning = false;
        if (this.behindCount > 0) this.look();
      }),
      this.#cell.scope.wrap((error: unknown) => this.#cell.crash(error)),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#log.sink.close();
  }

  async #run(): Promise<void> {
    const { feed, readEvents } = this.#ports;
    let seq = this.#seq ?? (await this.#begin());
    this.#seq = seq;
    for (let head = feed.head().events; seq < head; head = feed.head().events) {
      const afterSeq = seq;
      const rows: EventRow[] = await this.#insist(() => readEvents(afterSeq, PAGE_EVENTS));
      if (rows.length > 0) {
        const lines = Buffer.from(rows.map(this.#log.lineOf).join(''));
        await this.#insist(() => this.#log.sink.write(lines));
      }
      // Without rows what lies between is in no file any more.
      seq = rows.at(-1)?.seq ?? head;
      this.#seq = seq;
    }
  }

  async #begin(): Promise<number> {
    const { sink, isFile } = this.#log;
    const head = this.#ports.feed.head().events;
    const last = await this.#insist(() => sink.open());
    // A log from another ledger may be ahead of this one.
    if (last !== undefined) return Math.min(last, head);
    return isFile ? Math.max(0, head - 1) : head;
  }

  /** Until it works, later and later. What is no expected failure crashes the actor. */
  async #insist<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let tries = 1, waitMs = RETRY_MIN_MS; ; tries++) {
      if (this.#isClosed) return await new Promise<never>(() => undefined);
      try {
        return await attempt();
      } catch (error) {
        const { code } = error as { code?: string };
        if (!isCodiError(error) && typeof code !== 'string') throw error;
        if (tries === TELL_AFTER_TRIES) this.#tell(error as Error);
        await new Promise<void>((resolve) => void this.#cell.scope.after(waitMs, resolve));
        waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
      }
    }
  }

  #tell(error: Error): void {
    const { sink } = this.#log;
    this.#ports.telemetry.emit('EventLogWaits', { log: sink.name, reason: error.message });
  }
}
