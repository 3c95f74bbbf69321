import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexRow } from '../../protocol/file-event.ts';
import type { GapReason } from '../../protocol/gap.ts';
import { packEvents } from '../../protocol/packed-events.ts';
import { EventRate } from './event-rate.ts';
import type { HintKeeper } from './hint-keeper.ts';
import type { Timer } from './host-ports.ts';
import { IndexLoader, isOfFile } from './index-loader.ts';
import { Outbox } from './outbox.ts';
import { fileAnchor, ROOT_PROBE_MS, type Away } from './root-anchor.ts';
import { RootCoverage } from './root-coverage.ts';
import { RootDoubts } from './root-doubts.ts';
import { RootEngine } from './root-engine.ts';
import { rootKeeper } from './root-keeper.ts';
import { RootPlace } from './root-place.ts';
import { POLL_INTERVAL_MS } from './root-sweeps.ts';
import { RootSyncs } from './root-syncs.ts';
import type { Lane, SlicedWork } from './slice-scheduler.ts';
import { rootStatus, StatusReport } from './status-report.ts';
import type { RootStatus } from './watch-host.messages.ts';
import type { WatchedRootInput } from './watched-root-input.ts';

/**
 * One watched root from the first look to the last: loads what is recorded, places watches, lists, follows hints,
 * sweeps, notices when the root goes and comes back.
 */
export class WatchedRoot implements SlicedWork {
  readonly #input: WatchedRootInput;
  readonly #outbox: Outbox;
  readonly #engine: RootEngine;
  readonly #rate: EventRate;
  readonly #status: StatusReport;
  /** Which directories are watched, as the coverage audit sees it. */
  readonly coverage: RootCoverage;
  /** What is not known for certain now. */
  readonly doubts: RootDoubts;
  #keeper: HintKeeper | undefined;
  #loader: IndexLoader | undefined;
  #state: 'loading' | 'opening' | 'scanning' | 'watching' | 'gone' | 'closed' = 'loading';
  #startedMs: number;
  #probeTimer: Timer | undefined;
  readonly #syncs: RootSyncs;
  readonly #place: RootPlace;
  #away: Away | undefined;

  constructor(input: WatchedRootInput) {
    this.#input = input;
    const { root, path, options, ports, counters, aheadSlots, emit, wake, onHint } = input;
    this.#startedMs = ports.clock.monotonicMs();
    this.#outbox = new Outbox(
      (batch, events) => emit({ type: 'changes', root, batch, events: packEvents(events) }),
      options.batchCount,
    );
    const tellStatus = () => emit({ type: 'rootStatus', root, ...this.#statusNow() });
    this.#status = new StatusReport(ports.clock, tellStatus);
    this.doubts = new RootDoubts({
      tell: (news) => emit({ ...news, root }),
      whenSent: (callback) => this.#outbox.whenSent(callback),
    });
    this.#syncs = new RootSyncs((id, batch) => emit({ type: 'synced', root, id, batch }));
    this.#place = new RootPlace(ports.disk, path, options, () => this.#engine.reconciler);
    const isSettled = () => this.#state === 'watching';
    const pace = { perSecond: options.eventsPerSecond, isLimited: isSettled, onAdmit: wake };
    this.#rate = new EventRate({ ...pace, clock: ports.clock, counters });
    this.#engine = new RootEngine({
      ...ports,
      ...{ path, options, counters, aheadSlots, isSettled, onHint, wake, doubts: this.doubts },
      keeper: () => this.#keeper,
      hasRoom: () => this.#outbox.hasRoom && this.#rate.admits,
      isHeldBack: () => this.#rate.isWaiting,
      flush: () => this.#outbox.flush(),
      onChange: (event) => {
        this.#outbox.add(event);
        this.#rate.spend();
        this.#status.changed(isSettled());
      },
      onReason: () => this.#status.changed(isSettled()),
      checkRoot: () => this.#checkRoot(),
      onFullDone: (syncs, durationMs) => this.#onFullDone(syncs, durationMs),
    });
    this.coverage = new RootCoverage({
      clock: ports.clock,
      engine: this.#engine,
      pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
      keeper: () => this.#keeper,
      isWatching: isSettled,
      whenSent: (callback) => this.#outbox.whenSent(callback),
      onDoubt: ({ reason, isOpen, directories }) => {
        emit({ type: 'doubt', root, reason, isOpen, directories });
        if (isOpen) this.doubts.open(reason, undefined, `${directories} directories`);
        else this.doubts.settled(reason);
      },
    });
  }

  addIndex(page: Uint8Array, isDone: boolean): void {
    if (this.#state !== 'loading') return;
    const { path, ports } = this.#input;
    if (!this.#loader) {
      const located = this.#place.locate();
      if (located.state === 'refused') {
        const { code, reason: message } = located;
        this.close();
        this.#input.emit({ type: 'failed', root: this.#input.root, code, message });
        return;
      }
      const wasFile = isOfFile(page);
      if (located.state === 'there') this.#engine.reconciler.anchor = located.anchor;
      else if (wasFile) this.#engine.reconciler.anchor = fileAnchor(path);
      const { only } = this.#engine.reconciler.anchor;
      this.#loader = new IndexLoader(this.#engine.reconciler.tree, this.#engine.filter, only);
    }
    this.#loader.add(page);
    if (!isDone) return;
    const leftOut = this.#loader.finish(ports.clock.nowMs());
    if (leftOut.length > 0) this.doubts.suspect('settings_changed', 'other options leave more out');
    for (const event of leftOut) this.#outbox.add(event);
    this.#outbox.flush();
    this.#loader = undefined;
    void this.#open();
  }

  sync(id: number, paths: readonly BytePath[] | undefined): void {
    if (this.#state === 'gone') {
      this.#syncs.wait(id);
      this.#probe();
    } else if (this.#state === 'loading' || this.#state === 'opening') this.#syncs.wait(id);
    else if (this.#state !== 'closed') {
      if (paths === undefined || paths.length === 0) this.#engine.sweeps.sweepAll([id]);
      else this.#syncPaths(id, paths);
    }
  }

  ack(batch: number): void {
    this.#outbox.ack(batch);
    this.#input.wake();
  }

  /** Hints of this process may have been lost. */
  suspect(reason: GapReason, detail?: string): void {
    if (this.#state !== 'watching' && this.#state !== 'scanning') return;
    this.doubts.suspect(reason, detail);
    this.#engine.sweeps.suspect();
  }

  hasWork(lane: Lane): boolean {
    return this.#engine.queue.hasWork(lane);
  }

  run(lane: Lane, deadlineMs: number): void {
    this.#engine.queue.run(lane, deadlineMs);
  }

  close(): void {
    this.#state = 'closed';
    this.#stopWatching();
    this.#status.close();
    this.#rate.stop();
  }

  get keeper(): HintKeeper | undefined {
    return this.#keeper;
  }

  get lookMs(): number {
    return this.#engine.ahead.lookMs;
  }

  get index(): IndexRow[] {
    return this.#engine.rows();
  }

  /** Looks for the root; watches it or waits for it. */
  async #open(): Promise<void> {
    const located = this.#place.locate();
    if (located.state !== 'there') return this.#goGone(located);
    this.#state = 'opening';
    this.doubts.beginAnew();
    this.#engine.reconciler.anchor = located.anchor;
    const keeper = rootKeeper(located.anchor, {
      ...this.#input.ports,
      ...this.#input,
      ...{ engine: this.#engine, doubts: this.doubts },
      isScanned: () => this.#state === 'watching' || this.#state === 'scanning',
      onStatus: () => {
        this.doubts.polled(keeper);
        this.coverage.changed();
        this.#status.changed(this.#state === 'watching');
      },
    });
    this.#keeper = keeper;
    await keeper.open();
    // Meanwhile the root may have been given up or opened anew.
    if (this.#keeper !== keeper || this.#state !== 'opening') return;
    this.doubts.polled(keeper);
    this.#state = 'scanning';
    if (!this.#checkRoot()) return;
    this.#engine.sweeps.sweepAll(this.#syncs.takeWaiting());
    this.#armProbe();
  }

  /** Whether the root is still the one that is watched; otherwise begins what has to be done. */
  #checkRoot(): boolean {
    const verdict = this.#place.judge();
    if (verdict.state === 'away') this.#goGone(verdict);
    if (verdict.state === 'other') {
      // The watches sit on the one that was here before.
      this.doubts.open('root_gone', undefined, 'another folder took its place');
      this.#stopWatching();
      void this.#open();
    }
    return verdict.state === 'there';
  }

  /** Nothing in it can be looked at; what is not known to be deleted stays in the index. */
  #goGone(away: Away): void {
    const { gap, reason } = away;
    this.doubts.open(gap, undefined, reason);
    this.#stopWatching();
    this.#state = 'gone';
    this.#away = away;
    this.#place.forget();
    const tell = () =>
      this.#outbox.whenSent((batch) => {
        if (this.#state !== 'gone') return;
        this.#input.emit({ type: 'rootGone', root: this.#input.root, reason });
        this.#syncs.answerWaiting(batch);
        this.#armProbe();
      });
    if (gap === 'root_gone') this.#engine.removeGone(tell);
    else tell();
  }

  #armProbe(): void {
    const { clock } = this.#input.ports;
    if (this.#probeTimer) clock.clearTimeout(this.#probeTimer);
    this.#probeTimer = clock.setTimeout(() => this.#probe(), ROOT_PROBE_MS);
  }

  #probe(): void {
    if (this.#state === 'scanning' || (this.#state === 'watching' && this.#checkRoot()))
      this.#armProbe();
    if (this.#state !== 'gone' || this.#engine.queue.hasPasses) return;
    const located = this.#place.locate();
    if (located.state === 'there') {
      this.#startedMs = this.#input.ports.clock.monotonicMs();
      void this.#open();
      return;
    }
    if (located.state === 'away' && located.reason !== this.#away?.reason)
      return this.#goGone(located);
    this.#outbox.whenSent((batch) => this.#syncs.answerWaiting(batch));
    this.#armProbe();
  }

  #stopWatching(): void {
    const { clock } = this.#input.ports;
    this.coverage.close();
    this.#keeper?.close();
    this.#keeper = undefined;
    if (this.#probeTimer) clock.clearTimeout(this.#probeTimer);
    this.#probeTimer = undefined;
    this.#syncs.wait(...this.#engine.stop());
    this.#syncs.stopLooking();
    this.doubts.sweepBroken();
  }

  #onFullDone(syncs: readonly number[], durationMs: number): void {
    const { root, emit, counters, ports } = this.#input;
    counters.fullSweeps += 1;
    this.#keeper?.swept(this.#engine.directories());
    const isFirst = this.#state === 'scanning';
    if (isFirst) {
      this.#state = 'watching';
      this.#outbox.shorten();
    }
    this.doubts.sweepEnded();
    this.#outbox.whenSent((batch) => {
      if (isFirst && this.#state === 'watching') {
        const sinceStartMs = Math.max(durationMs, ports.clock.monotonicMs() - this.#startedMs);
        emit({ type: 'watching', root, durationMs: sinceStartMs, ...this.#statusNow() });
      }
      this.#syncs.answer(syncs, batch);
    });
  }

  #syncPaths(id: number, paths: readonly BytePath[]): void {
    if (!this.#checkRoot()) return this.#syncs.wait(id);
    this.#syncs.look(id);
    this.#engine.look(paths, () => {
      this.#syncs.looked(id);
      this.#outbox.whenSent((batch) => this.#syncs.answer([id], batch));
    });
  }

  #statusNow(): RootStatus {
    const { reconciler, reason } = this.#engine;
    return rootStatus(reconciler.tree, this.#keeper, reason);
  }
}
