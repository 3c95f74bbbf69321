/**
 * Captures what agents export. Follows the committed file events from its place in the ledger, waits until a file has
 * settled, has it copied by a thread and records what became of it, together with the place up to which nothing is left
 * to do. So whatever ends it, or the daemon, the next start goes on without missing a file or taking one twice.
 */
import type { BytePath } from '../../protocol/byte-path.ts';
import { isCodiError } from '../../protocol/errors.ts';
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type {
  CaptureResult,
  FileIdentity,
  LastExport,
} from '../../workers/storage/exports.messages.ts';
import type { ExportRecord } from '../../workers/storage/ledger.messages.ts';
import { captureByHand } from './capture-by-hand.ts';
import { Candidates, type Candidate, type Now } from './candidates.ts';
import { EventFollower } from './event-follower.ts';
import type { CapturedByHand } from './export-desk.ts';
import type { ExportsPorts } from './export-ports.ts';
import { ExportRetention } from './export-retention.ts';
import { sessionOf } from './export-session.ts';
import { ExportThreads } from './export-threads.ts';
import { recordedFacts, recordOf, type Recordable } from './export-record.ts';
import { isDone, isOneFile, versionInput, versionOf, type KeptVersion } from './last-version.ts';
import { OriginalRetirement } from './original-retirement.ts';
import { SharedTurn } from './shared-turn.ts';

/** How often a file that somebody has open is looked at. */
const OPEN_LOOK_MS = 250;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** A file that fails again and again, for no reason that passes, is reported and not waited for any longer. */
const FAILURES_MAX = 5;
const SAVE_INTERVAL_MS = 30_000;
/** While roots are looked through at a start, that goes first, but no longer than this. */
const BEGIN_MAX_MS = 10_000;
const RETENTION_INTERVAL_MS = 3_600_000;

export function exportsSpec(ports: ExportsPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'exports',
    ...SERVICE_RESTARTS,
    start: (cell) => new Exports(cell, ports).behaviour(),
  };
}

class Exports {
  readonly #cell: CellContext<never>;
  readonly #ports: ExportsPorts;
  readonly #threads: ExportThreads;
  readonly #candidates: Candidates;
  readonly #follower: EventFollower;
  readonly #turn = new SharedTurn();
  readonly #retention: ExportRetention;
  readonly #originals: OriginalRetirement;
  #busy = 0;
  #cancelWake: () => void = () => undefined;

  constructor(cell: CellContext<never>, ports: ExportsPorts) {
    this.#cell = cell;
    this.#ports = ports;
    this.#threads = new ExportThreads(cell, ports);
    this.#candidates = new Candidates(ports.settings);
    this.#follower = new EventFollower({
      ...ports,
      hasRoom: () => this.#candidates.size < ports.settings.pendingLimitCount,
      onFound: (found) => this.#candidates.see(this.#originals.seen(found), this.#now()),
      onPage: () => this.#schedule(),
    });
    this.#retention = new ExportRetention({
      ...{ threads: this.#threads, turn: this.#turn, reader: ports.reader },
      ...ports.settings,
      commit: (pruned) => this.#commit({ records: [], cursor: null, pruned }),
      telemetry: ports.telemetry,
      nowMs: () => cell.clock.nowMs(),
    });
    this.#originals = new OriginalRetirement({
      ...ports,
      policy: ports.settings.originals,
      threads: this.#threads,
    });
    cell.scope.defer('export threads', () => this.#threads.close());
    cell.scope.defer('export desk', () => ports.desk.detach());
    ports.desk.attach((path) => this.#turn.share(() => this.#captureByHand(path)));
    const late = new Promise<void>((resolve) => cell.scope.after(BEGIN_MAX_MS, resolve));
    void Promise.race([ports.settled, late]).then(cell.scope.wrap(() => this.#follow()));
  }

  behaviour() {
    return behaviour({
      machine: closingMachine('exports', 'following'),
      effects: {
        'effect.close': () => {
          const done = this.#cell.scope.wrap(() => this.#cell.raise({ type: 'closed' }));
          this.#cancelWake();
          // The ledger takes what it is given until it is stopped, which is later.
          this.#save();
          void this.#threads.close().then(done, done);
        },
      },
      status: () => {
        const { size } = this.#candidates;
        const note =
          size === 0 ? 'nothing waits' : `${size} ${size === 1 ? 'file' : 'files'} to capture`;
        return { state: this.#follower.isReading || size > 0 ? 'capturing' : 'idle', note };
      },
    });
  }

  #follow(): void {
    const { scope } = this.#cell;
    const look = scope.wrap(() => this.#look());
    scope.defer('committed feed', this.#ports.feed.subscribe(look));
    scope.every(SAVE_INTERVAL_MS, () => this.#save());
    scope.every(RETENTION_INTERVAL_MS, () => this.#prune());
    this.#prune();
    this.#look();
  }

  /** Policy and leftovers; what fails for now is done by the next run. */
  #prune(): void {
    void this.#run(() => this.#retention.run().catch(ignoreExpected));
  }

  /** Reads on in the events; after a failure that passes, again in a moment. */
  #look(): void {
    void this.#run(async () => {
      try {
        if (await this.#follower.look()) this.#save();
      } catch (error) {
        if (!isCodiError(error)) throw error;
        this.#cell.scope.after(RETRY_MIN_MS, () => this.#look());
      }
    });
  }

  #schedule(): void {
    const { threadsCount } = this.#ports.settings;
    const { clock, scope } = this.#cell;
    this.#ports.telemetry.emit('ExportBacklog', { count: this.#candidates.size });
    this.#cancelWake();
    if (this.#threads.areStopped) return;
    const taken = this.#candidates.take(threadsCount - this.#busy, clock.monotonicMs());
    for (const candidate of taken) void this.#run(() => this.#process(candidate));
    const dueMs = this.#busy < threadsCount ? this.#candidates.nextDueMs() : undefined;
    if (dueMs === undefined) return;
    this.#cancelWake = scope.after(Math.max(0, dueMs - clock.monotonicMs()), () =>
      this.#schedule(),
    );
  }

  async #process(candidate: Candidate): Promise<void> {
    this.#busy += 1;
    try {
      await this.#turn.share(() => this.#capture(candidate));
    } finally {
      this.#busy -= 1;
      this.#schedule();
      // There may be room for what was left in the ledger.
      if (this.#follower.isBehind) this.#look();
    }
  }

  async #capture(candidate: Candidate): Promise<void> {
    const { path, root, kind, identity } = candidate;
    const isOverdue = this.#candidates.isOverdue(candidate, this.#cell.clock.monotonicMs());
    let result: CaptureResult;
    let last: LastExport | null = null;
    try {
      last = await this.#ports.reader.last(path);
      if (isDone(last, identity)) return await this.#finish(candidate, versionOf(last, identity));
      result = await this.#threads.run('capture', {
        ...versionInput(this.#ports.settings, path, last),
        root,
        expected: identity,
        isSnapshot: kind === 'transcript' || isOverdue,
      });
    } catch (error) {
      if (this.#threads.areStopped) return;
      const failed = this.#failed(candidate, error);
      if (!failed) return;
      result = failed;
    }
    // Captured, moved or deleted, and ended before that was said: the event is of an earlier moment.
    const isLeft = result.state === 'vanished' && this.#originals.concerns(candidate);
    if (isLeft && isOneFile(last, identity))
      return this.#finish(candidate, versionOf(last, last!.identity));
    if (result.state === 'unsettled') {
      const { settleMs } = this.#ports.settings;
      const delayMs = result.isOpen ? Math.min(settleMs, OPEN_LOOK_MS) : settleMs;
      this.#candidates.postpone(candidate, delayMs, result.identity, this.#now());
    } else if (result.state === 'unchanged')
      await this.#finish(candidate, versionOf(last, result.identity));
    else await this.#record(candidate, result, isOverdue);
  }

  /** A failure that passes is waited for; one that does not becomes a row, so that others get their turn. */
  #failed(candidate: Candidate, error: unknown): Recordable | undefined {
    const code = isCodiError(error) ? error.code : 'CODI_INTERNAL';
    const reason = error instanceof Error ? error.message : String(error);
    candidate.failures += 1;
    this.#ports.telemetry.emit('ExportRetried', { code, reason });
    const isPassing = isCodiError(error) && error.retryable;
    if (!isPassing && candidate.failures > FAILURES_MAX)
      return { state: 'unreadable', identity: candidate.identity, code };
    this.#postpone(candidate, candidate.identity);
    return undefined;
  }

  #postpone(candidate: Candidate, identity: FileIdentity | null): void {
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (candidate.failures - 1));
    this.#candidates.postpone(candidate, delayMs, identity, this.#now());
  }

  /** Done with, except for what is to become of an original whose content is kept. */
  async #finish(candidate: Candidate, kept: KeptVersion | null): Promise<void> {
    const isOver =
      kept === null ||
      !this.#originals.concerns(candidate) ||
      (await this.#originals.retire(candidate, kept, {
        isLast: candidate.failures >= FAILURES_MAX,
      }));
    if (isOver) return this.#candidates.finish(candidate, this.#now());
    if (this.#threads.areStopped) return;
    candidate.failures += 1;
    this.#postpone(candidate, kept.identity);
  }

  async #record(candidate: Candidate, result: Recordable, isOverdue: boolean): Promise<void> {
    const { path, kind, seq } = candidate;
    const nowMs = this.#cell.clock.nowMs();
    const session = candidate.session ?? (await sessionOf(this.#ports, result, { path, nowMs }));
    const record = recordOf(result, { path, kind, seq, nowMs, session });
    const { telemetry } = this.#ports;
    const kept = isOverdue ? null : versionOf(result, result.identity);
    const isLast = kept === null || !this.#originals.concerns(candidate);
    await this.#commit({
      records: [record],
      cursor: this.#follower.place(this.#candidates.lowestSeq(isLast ? candidate : undefined)),
    });
    const settledMs = this.#cell.clock.monotonicMs() - candidate.dueMs;
    telemetry.emit('ExportRecorded', recordedFacts(candidate, result, settledMs));
    const isNew = result.state === 'captured';
    if (isNew && this.#retention.stored(result.storedBytes)) this.#prune();
    await this.#finish(candidate, kept);
  }

  #captureByHand(path: BytePath): Promise<CapturedByHand> {
    const ports = {
      ...this.#ports,
      threads: this.#threads,
      commit: (record: ExportRecord) => this.#commit({ records: [record], cursor: null }),
      nowMs: () => this.#cell.clock.nowMs(),
    };
    return captureByHand(ports, path);
  }

  /** Says in the ledger how far the events were read, when nothing was captured for long. */
  #save(): void {
    const cursor = this.#follower.place(this.#candidates.lowestSeq());
    if (cursor && this.#follower.hasMoved(cursor))
      void this.#run(() => this.#commit({ records: [], cursor }));
  }

  #commit(
    message: Omit<Parameters<ExportsPorts['record']>[0], 'onCommitted' | 'pruned'> & {
      pruned?: Parameters<ExportsPorts['record']>[0]['pruned'];
    },
  ): Promise<void> {
    return new Promise((resolve) => {
      const onCommitted = this.#cell.scope.wrap(() => {
        if (message.cursor) this.#follower.saved(message.cursor);
        resolve();
      });
      this.#ports.record({ pruned: [], ...message, onCommitted });
    });
  }

  #now(): Now {
    const { clock } = this.#cell;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
  }

  /** A failing promise ends this actor, like a failing callback. */
  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#threads.areStopped) this.#cell.crash(error);
    }
  }
}

function ignoreExpected(error: unknown): void {
  if (!isCodiError(error)) throw error;
}
