/**
 * Captures what agents export. Follows the committed file events from its place in the ledger, waits until a file has
 * settled, has it copied by a thread and records what became of it, together with the place up to which nothing is left
 * to do. So whatever ends it, or the daemon, the next start goes on without missing a file or taking one twice.
 */
import type { BytePath } from '../../protocol/byte-path.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type {
  CaptureInput,
  CaptureResult,
  LastExport,
} from '../../workers/storage/exports.messages.ts';
import { Candidates, type Candidate, type Now } from './candidates.ts';
import { EventFollower } from './event-follower.ts';
import type { CapturedByHand } from './export-desk.ts';
import type { ExportsPorts } from './export-ports.ts';
import { ExportRetention } from './export-retention.ts';
import { ExportThreads } from './export-threads.ts';
import { recordOf, type Recordable } from './export-record.ts';
import { isDone, keptVersion } from './last-version.ts';
import { exportsMachine } from './exports.machine.ts';
import { SharedTurn } from './shared-turn.ts';

/** How often a file that somebody has open is looked at. */
const OPEN_LOOK_MS = 250;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;
/** A file that fails again and again, for no reason that passes, is reported and not waited for any longer. */
const FAILURES_MAX = 5;
const SAVE_INTERVAL_MS = 30_000;
const RETENTION_INTERVAL_MS = 3_600_000;

export function exportsSpec(ports: ExportsPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'exports',
    backoff: { minMs: 50, maxMs: 10_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
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
  #busy = 0;
  #cancelWake: () => void = () => undefined;

  constructor(cell: CellContext<never>, ports: ExportsPorts) {
    this.#cell = cell;
    this.#ports = ports;
    this.#threads = new ExportThreads(ports.createPool());
    this.#candidates = new Candidates(ports.settings);
    this.#follower = new EventFollower({
      ...ports,
      hasRoom: () => this.#candidates.size < ports.settings.pendingLimitCount,
      onFound: (found) => this.#candidates.see(found, this.#now()),
      onPage: () => this.#schedule(),
    });
    this.#retention = new ExportRetention({
      ...{ threads: this.#threads, turn: this.#turn, reader: ports.reader },
      retentionDays: ports.settings.retentionDays,
      commit: (pruned) => this.#commit({ records: [], cursor: null, pruned }),
      telemetry: ports.telemetry,
      nowMs: () => cell.clock.nowMs(),
    });
    cell.scope.defer('export threads', () => this.#threads.close());
    cell.scope.defer('export desk', () => ports.desk.detach());
  }

  behaviour() {
    return behaviour({
      machine: exportsMachine,
      effects: {
        'effect.follow': () => this.#follow(),
        'effect.closePool': () => {
          const done = this.#cell.scope.wrap(() => this.#cell.raise({ type: 'poolClosed' }));
          this.#cancelWake();
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
    const { feed, desk } = this.#ports;
    const { scope } = this.#cell;
    desk.attach((path) => this.#turn.share(() => this.#captureByHand(path)));
    const look = scope.wrap(() => this.#look());
    scope.defer('committed feed', feed.subscribe(look));
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
        await this.#follower.look();
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
    try {
      const last = await this.#ports.reader.last(path);
      if (isDone(last, identity)) return this.#candidates.finish(candidate, this.#now());
      result = await this.#threads.run('capture', {
        ...this.#input(path, last),
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
    if (result.state === 'unsettled') {
      const { settleMs } = this.#ports.settings;
      const delayMs = result.isOpen ? Math.min(settleMs, OPEN_LOOK_MS) : settleMs;
      this.#candidates.postpone(candidate, delayMs, result.identity, this.#now());
    } else if (result.state === 'unchanged') this.#candidates.finish(candidate, this.#now());
    else await this.#record(candidate, result);
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
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (candidate.failures - 1));
    this.#candidates.postpone(candidate, delayMs, candidate.identity, this.#now());
    return undefined;
  }

  async #record(candidate: Candidate, result: Recordable): Promise<void> {
    const { path, kind, seq } = candidate;
    const nowMs = this.#cell.clock.nowMs();
    const session = candidate.session ?? (await this.#sessionOf(path, result));
    const record = recordOf(result, { path, kind, seq, nowMs, session });
    const { telemetry } = this.#ports;
    await this.#commit({
      records: [record],
      cursor: this.#follower.place(this.#candidates.lowestSeq(candidate)),
    });
    const { mtimeNs } = result.identity ?? {};
    const modifiedMs = mtimeNs === undefined ? undefined : Number(mtimeNs / 1_000n) / 1_000;
    telemetry.emit('ExportRecorded', {
      kind,
      state: result.state,
      ...('code' in result && { code: result.code }),
      size: result.identity?.size ?? 0,
      secrets: 'secrets' in result ? Object.keys(result.secrets).length : 0,
      detectionMs: modifiedMs === undefined ? -1 : candidate.seenAtMs - modifiedMs,
      settledMs: this.#cell.clock.monotonicMs() - candidate.dueMs,
    });
    this.#candidates.finish(candidate, this.#now());
  }

  async #captureByHand(path: BytePath): Promise<CapturedByHand> {
    const { reader } = this.#ports;
    const last = await reader.last(path);
    const input = { ...this.#input(path, last), root: null, expected: null, isSnapshot: true };
    const result = await this.#threads.run('capture', input);
    if (result.state === 'unsettled')
      throw new CodiError('CODI_TRY_AGAIN', { reason: 'the file is being written' });
    if (result.state !== 'unchanged') {
      if ('code' in result) throw new CodiError(result.code);
      const session = await this.#sessionOf(path, result);
      const nowMs = this.#cell.clock.nowMs();
      const record = recordOf(result, { path, kind: 'export', seq: 0, nowMs, session });
      await this.#commit({ records: [record], cursor: null });
    }
    const row = await reader.row(path);
    if (!row) throw new CodiError('CODI_TRY_AGAIN', { reason: 'the row cannot be read yet' });
    return { row, isNew: result.state !== 'unchanged' };
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

  /** An export without its session is better than none. */
  async #sessionOf(path: BytePath, { identity }: Recordable): Promise<RecordSession | null> {
    const timeMs = identity ? Number(identity.mtimeNs / 1_000_000n) : this.#cell.clock.nowMs();
    try {
      return (await this.#ports.sessionOf({ path, timeMs })) ?? null;
    } catch (error) {
      if (!isCodiError(error)) throw error;
      return null;
    }
  }

  #input(
    path: BytePath,
    last: LastExport | null,
  ): Omit<CaptureInput, 'root' | 'expected' | 'isSnapshot'> {
    const { sizeLimitBytes, versionChainCount } = this.#ports.settings;
    return { path, previous: keptVersion(last), sizeLimitBytes, versionChainCount };
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
