/**
 * One watched root. Owns the root's place in the ledger: it opens the root there, feeds the host the recorded
 * index, and passes the host's changes on, in order, with a dense sequence, so that none is recorded twice and
 * none is skipped. When it or the host dies the next incarnation starts from what is committed.
 */
import type { Retold } from '../../protocol/content-move.ts';
import { showBytePath } from '../../protocol/byte-path.ts';
import type { FileEvents } from '../../protocol/packed-events.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { RootContent } from './content/root-content.ts';
import type { RootNews } from './host-router.ts';
import { watcherId } from './watcher-id.ts';
import { WATCHING_RESTARTS } from './restarts.ts';
import { withSessions } from './with-sessions.ts';
import { sendIndexPages, type IndexEnd } from './index-pages.ts';
import { PendingSyncs } from './pending-syncs.ts';
import { rootNote, shownStatus, type WatchedRoot } from './root-table.ts';
import { WatcherGaps } from './watcher-gaps.ts';
import { RecursiveMove } from './recursive-move.ts';
import type { WatcherInput, WatcherMessage, WatcherPorts } from './watcher-ports.ts';
import { watcherMachine } from './watcher.machine.ts';

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
  readonly #content: RootContent | undefined;
  readonly #move: RecursiveMove;
  /** Since its host began; before, all that is in doubt is told already. */
  #isSettled = false;

  constructor(cell: CellContext<WatcherMessage>, input: WatcherInput, ports: WatcherPorts) {
    this.#cell = cell;
    this.#input = input;
    this.#ports = ports;
    const host = () => ports.table.get(input.root)?.host ?? '';
    this.#move = new RecursiveMove(input.options, host);
    this.#shown = showBytePath(input.path).path;
    this.#gaps = new WatcherGaps(input.path, ports);
    const { router } = ports;
    router.attachWatcher(input.root, host(), cell.self);
    cell.scope.defer('host route', () => {
      router.post(input.root, { type: 'unwatch' });
      router.detachWatcher(input.root);
    });
    this.#syncs = new PendingSyncs((id, paths) =>
      router.post(input.root, { type: 'sync', id, ...(paths && { paths }) }),
    );
    cell.scope.defer('syncs', () => this.#syncs.fail());
    this.#content = this.#newContent();
  }

  behaviour() {
    return behaviour({
      machine: watcherMachine,
      receive: (message: WatcherMessage, lifecycle) => {
        if (message.type === 'sync') this.#syncs.add(message, SETTLED.has(lifecycle.state()));
        else if (message.type === 'fromHost') {
          if (message.watch === this.#watch) this.#fromHost(message.message);
        } else if (message.type === 'stay') this.#move.giveUp();
        else if (message.type === 'hostUp') {
          this.#hostEpoch = message.hostEpoch;
          lifecycle.send({ type: 'hostUp' });
        } else if (message.hostEpoch === this.#hostEpoch) {
          this.#watch = 0;
          this.#move.end();
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
          this.#content?.release();
          this.#checkFlushed();
        },
      },
      status: () => rootNote(this.#ports.table.get(this.#input.root)),
    });
  }

  #newContent(): RootContent | undefined {
    const { content, telemetry, loadIndex } = this.#ports;
    if (!content) return undefined;
    return new RootContent({
      ...content,
      root: this.#input.path,
      shown: this.#shown,
      cell: this.#cell,
      telemetry,
      loadIndex: (after, limit) => loadIndex(this.#input.path, after, limit),
      record: (batch, events) => this.#record(batch, events),
      recordChecksums: (events, onCommitted) => this.#offer(events, onCommitted, true),
      onOwed: (owed) => this.#update({ owed }),
    });
  }

  #openRoot(): void {
    // What is held back belongs before the root's next opening.
    this.#content?.release();
    this.#update({ state: 'starting' });
    const opening = ++this.#opening;
    this.#watch = 0;
    this.#isScanned = this.#isSettled = false;
    this.#syncs.forgetAnswers();
    this.#ports.ledger.openRoot(
      this.#input.path,
      this.#cell.scope.wrap(({ rootId, lastSequence, isNew }) => {
        if (opening !== this.#opening) return;
        this.#gaps.begin(isNew, this.#move.isUnderWay);
        this.#rootId = rootId;
        this.#sequence = lastSequence;
        this.#committedBatch = 0;
        this.#cell.raise({ type: 'rootOpened' });
      }),
    );
  }

  #sendIndex(): void {
    const { root, path } = this.#input;
    const watch = this.#ports.router.watch(root, path, this.#move.options);
    this.#watch = watch;
    this.#update({ state: 'scanning' });
    void sendIndexPages({
      load: (after, limit) => this.#ports.indexPage(path, after, limit),
      post: (page, done) => this.#ports.router.post(root, { type: 'index', page, done }),
      isWanted: () => watch === this.#watch && !this.#cell.scope.signal.aborted,
      // What the host would find out by listing is known already.
      isForAnother: () => this.#move.isNeeded((limit) => this.#ports.countDirectories(path, limit)),
    }).then(
      this.#cell.scope.wrap((end: IndexEnd) => {
        if (end === 'sent') this.#cell.raise({ type: 'indexSent' });
        else if (end === 'forAnother' && watch === this.#watch) this.#moveToRecursiveHost();
      }),
      this.#cell.scope.wrap((error: unknown) => {
        if (watch !== this.#watch) return;
        this.#update({ reason: error instanceof Error ? error.message : String(error) });
        this.#cell.raise({ type: 'failed' });
      }),
    );
  }

  #fromHost(message: RootNews): void {
    switch (message.type) {
      case 'changes':
        this.#gaps.count(message.batch, message.events);
        if (this.#content) this.#content.take(message.batch, message.events);
        else this.#record(message.batch, message.events);
        break;
      case 'watching':
      case 'rootStatus':
        this.#update(shownStatus(message));
        if (message.type === 'watching') {
          this.#isScanned = true;
          this.#checkRecorded();
        }
        break;
      case 'tooManyDirectories':
        if (this.#move.isPossible) this.#moveToRecursiveHost();
        break;
      case 'synced':
        this.#syncs.covered(message.id, message.batch, this.#committedBatch);
        break;
      case 'rootGone':
        this.#content?.release();
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
    }
  }

  /** Recursive watchers hold up whatever shares a process with them. */
  #moveToRecursiveHost(): void {
    const { root } = this.#input;
    this.#watch = 0;
    this.#hostEpoch = 0;
    this.#move.begin();
    if (this.#isSettled) this.#gaps.moving();
    this.#ports.router.leaveHost(root);
    this.#cell.raise({ type: 'hostDown' });
    this.#ports.moveToRecursiveHost(root);
  }

  #record(batch: number, events: FileEvents): void {
    const opening = this.#opening;
    const counted = this.#gaps.countedOf(batch);
    this.#offer(events, (firstSeq, retold) => {
      counted?.(firstSeq, retold);
      // The ledger takes batches in order only, so a late answer for an earlier one says nothing new.
      if (opening !== this.#opening || batch <= this.#committedBatch) return;
      this.#committedBatch = batch;
      this.#ports.router.post(this.#input.root, { type: 'ack', batch });
      this.#gaps.committed(batch);
      this.#syncs.answer(batch);
    });
  }

  #offer(
    events: FileEvents,
    onCommitted: (firstSeq?: number, retold?: Retold) => void,
    isAboutContent = false,
  ): void {
    this.#uncommitted += 1;
    const { path: rootPath } = this.#input;
    const { ledger, sessions } = this.#ports;
    ledger.offerFileEvents({
      rootId: this.#rootId,
      rootPath,
      sequence: ++this.#sequence,
      events: isAboutContent ? events : withSessions(events, rootPath, sessions),
      ...(isAboutContent && { isAboutContent }),
      onCommitted: this.#cell.scope.wrap((firstSeq?: number, retold?: Retold) => {
        this.#uncommitted -= 1;
        onCommitted(firstSeq, retold);
        this.#checkFlushed();
        this.#checkRecorded();
      }),
    });
  }

  #settled(): void {
    this.#move.end();
    this.#isSettled = true;
    this.#update({ state: 'watching' });
    const files = this.#ports.table.get(this.#input.root)?.files ?? 0;
    this.#ports.telemetry.emit('RootWatching', { path: this.#shown, files });
    this.#content?.settled();
    this.#syncs.postAll();
  }

  /** Watching begins when what the first look found is recorded. */
  #checkRecorded(): void {
    if (!this.#isScanned || this.#uncommitted > 0 || this.#content?.isEmpty === false) return;
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
}
