import type { BytePath } from '../../protocol/byte-path.ts';
import type { HintKeeperEvents, HintKeeperInput } from './hint-keeper-ports.ts';
import type { Timer } from './host-ports.ts';
import type { HintSource, WatchState } from './hints.ts';
import { ListingTimes } from './listing-times.ts';
import type { PathNode } from './path-tree.ts';
import { WatchShortage } from './watch-shortage.ts';

const DISBELIEVED = 'hints do not come: sweeps find changes that the system did not tell';
const RETRY_MIN_MS = 60_000;
const RETRY_MAX_MS = 600_000;
const RENEW_MIN_MS = 1_000;
const RENEW_MAX_MS = 32_000;

/**
 * Chooses the hint source of a root and replaces it: one watch per directory, a recursive one in a host for such, none
 * when the system refuses. When it refuses only some, these directories are polled and the others stay watched.
 * Refused roots try again after a minute, later more rarely.
 */
export class HintKeeper {
  readonly #input: HintKeeperInput;
  readonly #events: HintKeeperEvents;
  #source: HintSource | undefined;
  #hasToldTooMany = false;
  #isBelieved = true;
  #isParcelBroken = false;
  /** The first start is over: later sources replace another one. */
  #isOpened = false;
  #staleTimer: Timer | undefined;
  #renewal = { atMs: -Infinity, gapMs: RENEW_MIN_MS };
  #releasing: Promise<void> = Promise.resolve();
  #isClosed = false;
  #reason: string | undefined;
  /** Given up because not a single watch was left. */
  #isExhausted = false;
  #retryMs = RETRY_MIN_MS;
  #retryTimer: Timer | undefined;
  readonly shortage: WatchShortage;
  readonly #listingTimes = new ListingTimes();

  constructor(input: HintKeeperInput, events: HintKeeperEvents) {
    this.#input = input;
    this.#events = events;
    this.shortage = new WatchShortage({
      clock: input.clock,
      place: (directory) =>
        this.#source?.ensure(directory, input.absolute(directory)) ?? 'unwatched',
      onPlaced: (directory) => events.onHint(directory, null),
      onChange: () => events.onStatus(),
    });
  }

  get kind(): 'fs' | 'parcel' | 'none' {
    return this.#source?.kind ?? 'none';
  }

  get mode(): 'native' | 'poll' {
    return this.#source && this.#isBelieved ? 'native' : 'poll';
  }

  get reason(): string | undefined {
    if (!this.#source) return this.#reason;
    if (!this.#isBelieved) return DISBELIEVED;
    return this.shortage.size > 0 ? this.shortage.reason : undefined;
  }

  get isBelieved(): boolean {
    return this.#isBelieved;
  }

  /** Whether its hints are all there are; without that the root is polled beside them. */
  believe(isBelieved: boolean): void {
    if (isBelieved === this.#isBelieved) return;
    this.#isBelieved = isBelieved;
    if (!isBelieved) this.#events.onDisbelieved();
    this.#events.onStatus();
  }

  /** Whether directories are polled because no watch was left for them. */
  get isShort(): boolean {
    return this.#source ? this.shortage.size > 0 : this.#isExhausted;
  }

  /** Resolves when hints come, or when it is clear that none will. */
  async open(): Promise<void> {
    const { options, pollReason } = this.#input;
    if (options.hintSource === 'none' || pollReason !== undefined) {
      this.#reason = pollReason ?? 'polling was asked for';
      return;
    }
    await this.#startOrGiveUp(this.#isRecursive() ? 'parcel' : 'fs');
    this.#isOpened = true;
  }

  ensure(directory: PathNode, path: BytePath): WatchState {
    const source = this.#source;
    if (!source) return 'unwatched';
    if (!this.#isOverBudget(source) || source.has(directory))
      return this.#place(source, directory, path);
    if (!this.#hasToldTooMany) this.#events.onTooMany();
    this.#hasToldTooMany = true;
    return 'unwatched';
  }

  /** Whether hints about this directory are believed to come. */
  covers(directory: PathNode): boolean {
    return this.#source?.covers(directory) ?? false;
  }

  /** The system knows no watch of this directory: places one anew. */
  renew(directory: PathNode, path: BytePath): WatchState {
    this.#source?.drop(directory);
    return this.ensure(directory, path);
  }

  drop(directory: PathNode): void {
    this.#source?.drop(directory);
    this.shortage.delete(directory);
  }

  moved(directory: PathNode): void {
    this.#source?.moved(directory);
  }

  doubt(directory: PathNode): boolean {
    return this.#source?.doubt(directory) ?? false;
  }

  listing(directory: PathNode, mtimeNs: bigint): void {
    if (this.#isFolding(directory))
      this.#listingTimes.note(directory, mtimeNs, this.#input.clock.nowMs());
  }

  isOutdated(directory: PathNode, mtimeNs: bigint): boolean {
    return this.#isFolding(directory) && this.#listingTimes.isOutdated(directory, mtimeNs);
  }

  swept(directories: Iterable<{ node: PathNode; path: BytePath }>): void {
    this.#source?.swept(directories);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#retryTimer) this.#input.clock.clearTimeout(this.#retryTimer);
    if (this.#staleTimer) this.#input.clock.clearTimeout(this.#staleTimer);
    this.#release();
  }

  /** Whether hints about it are of the recursive source alone. */
  #isFolding(directory: PathNode): boolean {
    return this.#source?.kind === 'parcel' && !this.#source.has(directory);
  }

  #place(source: HintSource, directory: PathNode, path: BytePath): WatchState {
    if (source.covers(directory)) return 'watched';
    const state = this.shortage.isTrying ? source.ensure(directory, path) : 'unwatched';
    if (state !== 'unwatched') this.shortage.delete(directory);
    else if (!this.shortage.isTrying && this.#source === source) this.shortage.add(directory);
    return state;
  }

  #release(): void {
    const source = this.#source;
    this.#source = undefined;
    this.shortage.clear();
    if (source) this.#releasing = source.close();
  }

  #isOverBudget(source: HintSource): boolean {
    const { hintSource, directoryBudget, isRecursiveHost } = this.#input.options;
    if (hintSource !== 'auto' || source.kind !== 'fs' || isRecursiveHost) return false;
    return source.watchCount >= directoryBudget;
  }

  #isRecursive(): boolean {
    const { options, isFlat } = this.#input;
    if (isFlat || this.#isParcelBroken) return false;
    const { hintSource, isRecursiveHost = false } = options;
    return hintSource === 'parcel' || (hintSource === 'auto' && isRecursiveHost);
  }

  /** Resolves with the reason when the source does not start. */
  async #start(kind: 'fs' | 'parcel'): Promise<string | undefined> {
    // A subscription that is not quite gone would be shared, with all that it does not see.
    await this.#releasing;
    const source = this.#create(kind);
    try {
      await source.start();
    } catch (error) {
      await source.close();
      return error instanceof Error ? error.message : String(error);
    }
    if (this.#isClosed) await source.close();
    else this.#adopt(source);
    return undefined;
  }

  #adopt(source: HintSource): void {
    this.#release();
    this.#source = source;
    this.#reason = undefined;
    this.#isExhausted = false;
    this.#events.onStatus();
  }

  #create(kind: 'fs' | 'parcel'): HintSource {
    const { root, options, factory } = this.#input;
    const { onHint, onPath, onSubtree, onLost } = this.#events;
    const source: HintSource = factory.create(kind, root, options, {
      onHint,
      onPath,
      onSubtree,
      onLost,
      onStale: () => {
        if (this.#source === source) this.#renewSoon();
      },
      onExhausted: (reason) => {
        if (this.#source === source) this.#exhausted(source, reason);
      },
      onUnaffordable: () => {
        if (this.#source === source) this.#doWithoutParcel();
      },
      onTrouble: (reason) => {
        if (this.#source === source) this.#trouble(source, reason);
      },
    });
    return source;
  }

  /** Without a single watch the whole root is polled. */
  #exhausted(source: HintSource, reason: string): void {
    if (source.kind === 'parcel' || source.watchCount > 0) {
      this.shortage.begin(reason);
      return;
    }
    this.#isExhausted = true;
    this.#trouble(source, reason);
  }

  /** One watch per directory after all, as far as they go. */
  #doWithoutParcel(): void {
    this.#isParcelBroken = true;
    if (this.#staleTimer) this.#input.clock.clearTimeout(this.#staleTimer);
    this.#staleTimer = undefined;
    this.#release();
    void this.#startOrGiveUp('fs');
  }

  /** A recursive source that broke is made anew soon, unless that does not help. Else: polling. */
  #trouble(source: HintSource, reason: string): void {
    const isWorthRenewing = source.kind === 'parcel' && this.#renewal.gapMs < RENEW_MAX_MS;
    this.#giveUp(reason);
    if (isWorthRenewing) this.#renewSoon();
  }

  /** Makes the recursive source anew; the more often that is wanted, the longer it has to wait. */
  #renewSoon(): void {
    if (this.#staleTimer) return;
    const { clock } = this.#input;
    const sinceMs = clock.monotonicMs() - this.#renewal.atMs;
    const isRecent = sinceMs < this.#renewal.gapMs * 4;
    const gapMs = isRecent ? Math.min(this.#renewal.gapMs * 2, RENEW_MAX_MS) : RENEW_MIN_MS;
    this.#staleTimer = clock.setTimeout(() => {
      this.#staleTimer = undefined;
      this.#renewal = { atMs: clock.monotonicMs(), gapMs };
      this.#release();
      void this.#startOrGiveUp('parcel');
    }, gapMs);
  }

  #giveUp(reason: string): void {
    this.#release();
    this.#reason = reason;
    this.#events.onStatus();
    const { clock } = this.#input;
    if (this.#retryTimer) clock.clearTimeout(this.#retryTimer);
    this.#retryTimer = clock.setTimeout(() => void this.#retry(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  async #startOrGiveUp(kind: 'fs' | 'parcel'): Promise<void> {
    const failure = await this.#start(kind);
    if (this.#isClosed) return;
    // With `auto`, one watch per directory after all, as far as the system allows.
    if (failure !== undefined && kind === 'parcel' && this.#input.options.hintSource === 'auto')
      this.#doWithoutParcel();
    else if (failure !== undefined) this.#giveUp(failure);
    else if (this.#isOpened) this.#events.onReplaced();
  }

  async #retry(): Promise<void> {
    if (!this.#isClosed && !this.#source) await this.open();
  }
}
