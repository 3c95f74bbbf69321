import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { GapClosing, GapOpening, GapReason } from '../../protocol/gap.ts';
import { haveFound, unpackEvents, type FileEvents } from '../../protocol/packed-events.ts';
import { FoundChanges, type CountCommitted } from './found-changes.ts';
import { GapPacing } from './gap-pacing.ts';

/** What is in doubt: a root, or what is at and below a path in it. */
export interface Doubt {
  readonly reason: GapReason;
  /** Relative to the root; absent: all of it. */
  readonly path?: BytePath | undefined;
}

export interface NewDoubt extends Doubt {
  readonly detail?: string | undefined;
  /** From when on, Unix milliseconds; now when absent. */
  readonly sinceMs?: number | undefined;
}

/** A gap that an earlier daemon left open, and what had been found for it by then. */
export interface LeftOpen extends NewDoubt {
  readonly gap: string;
  readonly root: BytePath;
  readonly sinceMs: number;
  readonly afterSeq: number;
  readonly found: FoundChanges;
}

export interface OpenGap extends NewDoubt {
  readonly gap: string;
  readonly root: BytePath;
  readonly sinceMs: number;
  readonly afterSeq: number;
  readonly found: FoundChanges;
  times: number;
  /** Whoever opened it is gone: the next first look at all of the root answers for it. */
  isInherited: boolean;
  /** Reconciled then; undefined while it is in doubt. */
  closedMs: number | undefined;
}

export interface GapBookPorts {
  clock: {
    nowMs(): number;
    monotonicMs(): number;
    setTimeout(callback: () => void, delayMs: number): unknown;
  };
  /** 32 hex digits, never used before. */
  newId(): string;
  /** The highest number of a committed file event. */
  lastSeq(): number;
  recordOpened(root: BytePath, opening: GapOpening): void;
  recordClosed(root: BytePath, closing: GapClosing, openMs: number): void;
}

/** Open gaps that say already why nobody looks. */
const SAME_AS: Record<'daemon_down' | 'watcher_restarted', ReadonlySet<GapReason>> = {
  daemon_down: new Set(['daemon_down', 'not_watched']),
  watcher_restarted: new Set([
    'daemon_down',
    'not_watched',
    'settings_changed',
    'watcher_restarted',
    'host_crashed',
  ]),
};

/**
 * Every doubt about what is watched, from when it begins until what it may have hidden is found and committed: one
 * open gap for a root, reason and path. It outlives watchers and hosts; what it says is kept in the ledger.
 */
export class GapBook {
  readonly #ports: GapBookPorts;
  readonly #open = new Map<BytePath, Map<string, OpenGap>>();
  readonly #pacing: GapPacing;
  /** Roots that this daemon has begun to watch. */
  readonly #begun = new Set<BytePath>();
  #isLoaded = false;

  constructor(ports: GapBookPorts) {
    this.#ports = ports;
    this.#pacing = new GapPacing(() => ports.clock.monotonicMs());
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Takes over what an earlier daemon left open. */
  load(gaps: readonly LeftOpen[]): void {
    this.#isLoaded = true;
    for (const left of gaps)
      this.#gapsOf(left.root).set(keyOf(left), {
        ...left,
        times: 1,
        isInherited: true,
        closedMs: undefined,
      });
  }

  /**
   * A host is about to look at all of this root, which was known before: what happened since somebody looked last is
   * in doubt until then. `lastWatchedMs`: when a daemon before this one was certainly watching; undefined for a root
   * that was not known.
   */
  begin(root: BytePath, lastWatchedMs: number | undefined): void {
    const isFirst = !this.#begun.has(root);
    this.#begun.add(root);
    if (lastWatchedMs !== undefined)
      if (isFirst) this.leave(root, 'daemon_down', lastWatchedMs);
      else this.leave(root, 'watcher_restarted');
    this.inherit(root);
  }

  /** Nobody looks at this root from now on, or since `sinceMs`. */
  leave(root: BytePath, reason: 'daemon_down' | 'watcher_restarted', sinceMs?: number): void {
    const sameAs = SAME_AS[reason];
    if (this.of(root).some((gap) => sameAs.has(gap.reason))) return;
    this.open(root, { reason, sinceMs });
  }

  /** Something may be missed from now on, or may have been since `sinceMs`. Told again, it is counted. */
  open(root: BytePath, doubt: NewDoubt): void {
    const gaps = this.#gapsOf(root);
    const known = gaps.get(keyOf(doubt));
    if (known) {
      known.times += 1;
      known.isInherited = false;
      known.closedMs = undefined;
      known.found.isCounting = true;
      return;
    }
    const gap: OpenGap = {
      ...doubt,
      gap: this.#ports.newId(),
      root,
      sinceMs: doubt.sinceMs ?? this.#ports.clock.nowMs(),
      afterSeq: this.#ports.lastSeq(),
      found: new FoundChanges(),
      times: 1,
      isInherited: false,
      closedMs: undefined,
    };
    gaps.set(keyOf(doubt), gap);
    this.#ports.recordOpened(root, openingOf(gap));
  }

  /** All that it may have hidden has been told; what comes now is not counted for it any more. */
  reconciled(root: BytePath, doubt: Doubt): void {
    const gap = this.#open.get(root)?.get(keyOf(doubt));
    if (gap) gap.found.isCounting = false;
  }

  /** And it is committed. `times`: how often it was suspected. */
  close(root: BytePath, doubt: Doubt, times = 1): void {
    const gap = this.#open.get(root)?.get(keyOf(doubt));
    // Opened anew meanwhile.
    if (!gap || gap.found.isCounting || gap.closedMs !== undefined) return;
    gap.times += times - 1;
    this.#close(gap);
  }

  /** Counts what is on its way to the ledger; the answer is called when it is committed there. */
  count(root: BytePath, events: FileEvents): CountCommitted | undefined {
    const gaps = this.#open.get(root);
    if (!gaps || gaps.size === 0 || !haveFound(events)) return undefined;
    const records = unpackEvents(events);
    const parts = [...gaps.values()].map(({ found, path }) => found.count(records, path));
    return (firstSeq, retold) => {
      for (const part of parts) part?.(firstSeq, retold);
    };
  }

  /** Whoever knew when the gaps of this root are over is gone. */
  inherit(root: BytePath): void {
    for (const gap of this.#open.get(root)?.values() ?? []) gap.isInherited = true;
  }

  /** All of the root was looked at, and what was found is committed. */
  closeInherited(root: BytePath): void {
    for (const gap of [...(this.#open.get(root)?.values() ?? [])])
      if (gap.isInherited) this.#close(gap);
  }

  has(root: BytePath, reason: GapReason): boolean {
    return this.of(root).some((gap) => gap.reason === reason);
  }

  /** In doubt now. */
  of(root: BytePath): OpenGap[] {
    const gaps = [...(this.#open.get(root)?.values() ?? [])];
    return gaps.filter(({ closedMs }) => closedMs === undefined);
  }

  #close(gap: OpenGap): void {
    gap.closedMs = this.#ports.clock.nowMs();
    gap.found.isCounting = false;
    const holdMs = this.#pacing.holdMs(`${gap.root}\0${keyOf(gap)}`);
    if (holdMs === 0) return this.#settle(gap);
    const { closedMs } = gap;
    this.#ports.clock.setTimeout(() => {
      if (gap.closedMs === closedMs) this.#settle(gap);
    }, holdMs);
  }

  #settle(gap: OpenGap): void {
    this.#gapsOf(gap.root).delete(keyOf(gap));
    const closedMs = Math.max(gap.closedMs!, gap.sinceMs);
    const closing = {
      ...openingOf(gap),
      closed: new Date(closedMs).toISOString(),
      ...gap.found.result(),
      times: gap.times,
    };
    this.#ports.recordClosed(gap.root, closing, closedMs - gap.sinceMs);
  }

  #gapsOf(root: BytePath): Map<string, OpenGap> {
    const gaps = this.#open.get(root) ?? new Map<string, OpenGap>();
    this.#open.set(root, gaps);
    return gaps;
  }
}

function keyOf({ reason, path }: Doubt): string {
  return path === undefined ? reason : `${reason} ${path}`;
}

function openingOf({ gap, root, reason, path, detail, sinceMs, afterSeq }: OpenGap): GapOpening {
  const rootBytes = showBytePath(root).path_b64;
  return {
    gap,
    reason,
    ...(rootBytes !== undefined && { root_b64: rootBytes }),
    ...(path !== undefined && showBytePath(path)),
    ...(detail !== undefined && { detail }),
    opened: new Date(sinceMs).toISOString(),
    after_seq: afterSeq,
  };
}
