/**
 * One watched root. Owns the root's place in the ledger: it opens the root there, feeds the host the recorded
 * index, and passes the host's changes on, in order, with a dense sequence, so that none is recorded twice and
 * none is skipped. When it or the host dies the next incarnation starts from what is committed.
 */
import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord, IndexRow } from '../../protocol/file-event.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { FromWatchHost, RootOptions } from '../../workers/watch-host/watch-host.messages.ts';
import { countOf } from './count-of.ts';
import type { HostNews, HostRouter } from './host-router.ts';
import { watcherId } from './watcher-id.ts';
import { WATCHING_RESTARTS } from './restarts.ts';
import { withSessions, type WorkingSessions } from './with-sessions.ts';
import { PendingSyncs, type SyncRequest } from './pending-syncs.ts';
import type { RootTable, WatchedRoot } from './root-table.ts';
import { WatcherGaps, type WatcherGapsPorts } from './watcher-gaps.ts';
import { watcherMachine } from './watcher.machine.ts';

/** The ledger as a watcher sees it: a queue that keeps order and outlives the watcher. */
export interface RootLedgerPort {
  openRoot(
    rootPath: BytePath,
    onDone: (opened: { rootId: number; lastSequence: number; isNew: boolean }) => void,
  ): void;
  offerFileEvents(batch: {
    rootId: number;
    rootPath: BytePath;
    sequence: number;
    events: FileEventRecord[];
    onCommitted: (firstSeq?: number) => void;
  }): void;
}

export interface WatcherPorts extends WatcherGapsPorts {
  ledger: RootLedgerPort;
  router: HostRouter;
  table: RootTable;
  telemetry: Telemetry;
  sessions: WorkingSessions;
  /** A page of the recorded index after `afterPath` in path order; fewer rows than the limit mean the end. */
  loadIndex(
    rootPath: BytePath,
    afterPath: BytePath | undefined,
    limit: number,
  ): Promise<IndexRow[]>;
}

export interface WatcherInput {
  root: number;
  path: BytePath;
  host: string;
  options: RootOptions;
}

export type WatcherMessage = HostNews | SyncRequest;

const INDEX_PAGE_ROWS = 5_000;
const RETRY_MS = 1_000;
/** States in which the host answers a sync; before them it waits for the first scan. */
const SETTLED = new Set(['up.watching', 'up.rootGone']);

export function watcherSpec(input: WatcherInput, ports: WatcherPorts): ActorSpec<WatcherMessage> {
  return {
    type: 'worker',
    id: watcherId(input.path),
    ...WATCHING_RESTARTS,
    mailbox: { limitCount: 10_000, limitBytes: 32 * 1024 * 1024, overflow: 'crash' },
    start: (cell) => new Watcher(cell, input, ports).behaviour(),
  };
}

class Watcher {
  readonly #cell: CellContext<WatcherMessage>;
  readonly #input: WatcherInput;
  readonly #ports: WatcherPorts;
  readonly #shown: string;
  #hostEpoch = 0;
  /** Number of the present watch; 0 between two: what the host says of another one is not heard. */
  #watch = 0;
  /** Grows with each opening; answers that belong to an earlier one are ignored. */
  #opening = 0;
  #rootId = 0;
  #sequence = 0;
  #committedBatch = 0;
  #uncommitted = 0;
  #isDraining = false;
  /** The host has looked at everything; what it found may still be on its way to the disk. */
  #isScanned = false;
  readonly #syncs: PendingSyncs;
  readonly #gaps: WatcherGaps;

  constructor(cell: CellContext<WatcherMessage>, input: WatcherInput, ports: WatcherPorts) {
    this.#cell = cell;
    this.#input = input;
    this.#ports = ports;
    this.#shown = showBytePath(input.path).path;
    this.#gaps = new WatcherGaps(input.path, ports);
    const { router } = ports;
    router.attachWatcher(input.root, input.host, cell.self);
    cell.scope.defer('host route', () => {
      router.post(input.root, { type: 'unwatch' });
      router.detachWatcher(input.root);
    });
    this.#syncs = new PendingSyncs((id, paths) =>
      router.post(input.root, { type: 'sync', id, ...(paths && { paths }) }),
    );
    cell.scope.defer('syncs', () => this.#syncs.fail());
  }

  behaviour() {
    return behaviour({
      machine: watcherMachine,
      receive: (message: WatcherMessage, lifecycle) => {
        if (message.type === 'sync') this.#syncs.add(message, SETTLED.has(lifecycle.state()));
        else if (message.type === 'fromHost') {
          if (message.watch === this.#watch) this.#fromHost(message.message);
        } else if (message.type === 'hostUp') {
          this.#hostEpoch = message.hostEpoch;
          lifecycle.send({ type: 'hostUp' });
        } else if (message.hostEpoch === this.#hostEpoch) {
          this.#watch = 0;
          this.#gaps.hostLost();
          lifecycle.send({ type: 'hostDown' });
        }
      },
      effects: {
        'effect.lost': () => this.#update({ state: 'starting' }),
        'effect.openRoot': () => this.#openRoot(),
        'effect.sendIndex': () => this.#sendIndex(),
        'effect.retryLater': () => {
          this.#update({ state: 'failed' });
          this.#cell.scope.after(RETRY_MS, () => this.#cell.raise({ type: 'retryDue' }));
        },
        'effect.settled': () => this.#settled(),
        'effect.unwatch': () => {
          this.#gaps.leave();
          this.#ports.router.post(this.#input.root, { type: 'unwatch' });
          this.#isDraining = true;
          this.#checkFlushed();
        },
      },
      status: () => this.#status(),
    });
  }

  #openRoot(): void {
    this.#update({ state: 'starting' });
    const opening = ++this.#opening;
    this.#watch = 0;
    this.#isScanned = false;
    this.#syncs.forgetAnswers();
    this.#ports.ledger.openRoot(
      this.#input.path,
      this.#cell.scope.wrap(({ rootId, lastSequence, isNew }) => {
        if (opening !== this.#opening) return;
        this.#gaps.begin(isNew);
        this.#rootId = rootId;
        this.#sequence = lastSequence;
        this.#committedBatch = 0;
        this.#cell.raise({ type: 'rootOpened' });
      }),
    );
  }

  #sendIndex(): void {
    const { root, path, options } = this.#input;
    const watch = this.#ports.router.watch(root, path, options);
    this.#watch = watch;
    void this.#sendPages(watch).then(
      this.#cell.scope.wrap((isSent: boolean) => {
        if (isSent) this.#cell.raise({ type: 'indexSent' });
      }),
      this.#cell.scope.wrap((error: unknown) => {
        if (watch !== this.#watch) return;
        this.#update({ reason: error instanceof Error ? error.message : String(error) });
        this.#cell.raise({ type: 'failed' });
      }),
    );
  }

  async #sendPages(watch: number): Promise<boolean> {
    const { root, path } = this.#input;
    this.#update({ state: 'scanning' });
    let after: BytePath | undefined;
    for (;;) {
      const rows = await this.#ports.loadIndex(path, after, INDEX_PAGE_ROWS);
      if (watch !== this.#watch || this.#cell.scope.signal.aborted) return false;
      const isDone = rows.length < INDEX_PAGE_ROWS;
      this.#ports.router.post(root, { type: 'index', rows, done: isDone });
      if (isDone) return true;
      after = rows.at(-1)!.path;
    }
  }

  #fromHost(message: FromWatchHost): void {
    switch (message.type) {
      case 'changes':
        this.#record(message.batch, message.events);
        break;
      case 'watching':
      case 'rootStatus':
        this.#update({
          files: message.files,
          directories: message.directories,
          hintSource: message.hintSource,
          mode: message.mode,
          polledDirectories: message.polledDirectories,
          reason: message.reason,
        });
        if (message.type === 'watching') {
          this.#isScanned = true;
          this.#checkRecorded();
        }
        break;
      case 'synced':
        this.#syncs.covered(message.id, message.batch, this.#committedBatch);
        break;
      case 'rootGone':
        this.#update({ state: 'gone', reason: message.reason });
        this.#ports.telemetry.emit('RootGone', { path: this.#shown, reason: message.reason });
        // What the first look found may still be on its way: it no longer says that the root is watched.
        this.#isScanned = false;
        this.#cell.raise({ type: 'rootGone' });
        this.#syncs.postAll();
        break;
      case 'doubt':
      case 'gap':
      case 'gapClosed':
        this.#gaps.hear(message, this.#committedBatch);
        break;
      case 'failed':
        this.#update({ reason: message.message });
        this.#cell.raise({ type: 'failed' });
        break;
      case 'sys.ready':
      case 'counters':
      case 'vitals':
        break;
    }
  }

  #record(batch: number, events: FileEventRecord[]): void {
    const opening = this.#opening;
    const counted = this.#gaps.count(events);
    this.#uncommitted += 1;
    this.#ports.ledger.offerFileEvents({
      rootId: this.#rootId,
      rootPath: this.#input.path,
      sequence: ++this.#sequence,
      events: withSessions(events, this.#input.path, this.#ports.sessions),
      onCommitted: this.#cell.scope.wrap((firstSeq?: number) => {
        counted?.(firstSeq);
        this.#uncommitted -= 1;
        this.#checkFlushed();
        this.#checkRecorded();
        // The ledger takes batches in order only, so a late answer for an earlier one says nothing new.
        if (opening !== this.#opening || batch <= this.#committedBatch) return;
        this.#committedBatch = batch;
        this.#ports.router.post(this.#input.root, { type: 'ack', batch });
        this.#gaps.committed(batch);
        this.#syncs.answer(batch);
      }),
    });
  }

  #settled(): void {
    this.#update({ state: 'watching' });
    const files = this.#ports.table.get(this.#input.root)?.files ?? 0;
    this.#ports.telemetry.emit('RootWatching', { path: this.#shown, files });
    this.#syncs.postAll();
  }

  /** Watching begins when what the first look found is recorded. */
  #checkRecorded(): void {
    if (!this.#isScanned || this.#uncommitted > 0) return;
    this.#isScanned = false;
    this.#gaps.settled();
    this.#cell.raise({ type: 'watching' });
  }

  #checkFlushed(): void {
    if (this.#isDraining && this.#uncommitted === 0) this.#cell.raise({ type: 'flushed' });
  }

  #update(change: Partial<WatchedRoot>): void {
    this.#ports.table.update(this.#input.root, change);
  }

  #status(): { state?: string; note?: string } {
    const root = this.#ports.table.get(this.#input.root);
    if (!root) return {};
    return { state: root.state, note: countOf(root.files, 'file') };
  }
}
