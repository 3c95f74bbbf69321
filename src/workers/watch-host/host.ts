import { AheadSlots } from './ahead-slots.ts';
import { HostHealth } from './host-health.ts';
import type { GapReason } from '../../protocol/gap.ts';
import type { WatchHostPorts } from './host-ports.ts';
import { SliceScheduler } from './slice-scheduler.ts';
import type { FromWatchHost, HostCounters, ToWatchHost } from './watch-host.messages.ts';
import { WatchedRoot } from './watched-root.ts';

export interface WatchHost {
  receive(message: Exclude<ToWatchHost, { type: 'stop' }>): void;
  /** While congested no work is done; what comes in waits in bounded sets. */
  setCongested(isCongested: boolean): void;
  root(root: number): WatchedRoot | undefined;
  /** Whether threads are in the middle of looks, for however long that takes. */
  readonly isLookingAhead: boolean;
  close(): void;
}

/** A turn with this many hints: the kernel's queue may have been full. It drops silently. */
const FLOOD_HINTS = 4_096;
const HEARTBEAT_MS = 1_000;
/** The process stood still for longer than this: hints may have been dropped meanwhile. */
const STANDSTILL_MS = 2_000;
/** The wall clock went so much further than the monotonic one, or came back. */
const CLOCK_JUMP_MS = 2_000;

/** Watches any number of roots and tells what changes. Knows nothing of processes; see `watch-host.process.ts`. */
export function createWatchHost(
  ports: WatchHostPorts,
  emit: (message: FromWatchHost) => void,
): WatchHost {
  return new Host(ports, emit);
}

class Host implements WatchHost {
  readonly #ports: WatchHostPorts;
  readonly #emit: (message: FromWatchHost) => void;
  readonly #scheduler: SliceScheduler;
  readonly #roots = new Map<number, WatchedRoot>();
  readonly #counters: HostCounters = {
    hints: 0,
    hintsCollapsed: 0,
    suspectedOverflows: 0,
    fullSweeps: 0,
    foundBySweep: 0,
    coalesced: 0,
    rateWaits: 0,
    transientsDropped: 0,
    looksAhead: 0,
  };
  readonly #aheadSlots = new AheadSlots();
  readonly #health: HostHealth;
  #toldTroubles = 0;
  #turnHints = 0;
  #isBeating = false;
  #isClosed = false;

  constructor(ports: WatchHostPorts, emit: (message: FromWatchHost) => void) {
    this.#ports = ports;
    this.#emit = emit;
    this.#scheduler = new SliceScheduler(ports.clock);
    this.#health = new HostHealth({
      ...ports,
      roots: () => this.#roots.values(),
      onVitals: (vitals) => emit({ type: 'vitals', ...vitals }),
      wake: () => this.#scheduler.wake(),
    });
    this.#scheduler.add(this.#health.audit);
  }

  receive(message: Exclude<ToWatchHost, { type: 'stop' }>): void {
    switch (message.type) {
      case 'limits':
        this.#ports.budget.configure(message.limits);
        this.#aheadSlots.limits = message.limits.readAhead;
        break;
      case 'watch':
        this.#unwatch(message.root);
        this.#watch(message);
        break;
      case 'index':
        this.#roots.get(message.root)?.addIndex(message.page, message.done);
        break;
      case 'ack':
        this.#roots.get(message.root)?.ack(message.batch);
        break;
      case 'unwatch':
        this.#unwatch(message.root);
        break;
      case 'sync':
        this.#roots.get(message.root)?.sync(message.id, message.paths);
    }
  }

  setCongested(isCongested: boolean): void {
    this.#scheduler.pause(isCongested);
  }

  root(root: number): WatchedRoot | undefined {
    return this.#roots.get(root);
  }

  get isLookingAhead(): boolean {
    return this.#aheadSlots.taken > 0;
  }

  close(): void {
    this.#isClosed = true;
    for (const root of [...this.#roots.keys()]) this.#unwatch(root);
  }

  #watch({ root, path, options }: Extract<ToWatchHost, { type: 'watch' }>): void {
    const watched = new WatchedRoot({
      root,
      path,
      options,
      ports: this.#ports,
      counters: this.#counters,
      aheadSlots: this.#aheadSlots,
      emit: this.#emit,
      wake: () => this.#scheduler.wake(),
      onHint: () => this.#countHint(),
      onFlood: () => this.#suspectAll('overflow_suspected'),
    });
    this.#roots.set(root, watched);
    this.#scheduler.add(watched);
    if (!this.#isBeating) this.#beat();
  }

  #unwatch(root: number): void {
    const watched = this.#roots.get(root);
    if (!watched) return;
    watched.close();
    this.#scheduler.delete(watched);
    this.#roots.delete(root);
  }

  #countHint(): void {
    this.#turnHints += 1;
    if (this.#turnHints > 1) return;
    this.#ports.clock.setImmediate(() => {
      const count = this.#turnHints;
      this.#turnHints = 0;
      if (count >= FLOOD_HINTS) this.#suspectAll('overflow_suspected', `${count} hints at once`);
    });
  }

  /** One queue serves all roots of the process. */
  #suspectAll(reason: GapReason, detail?: string): void {
    this.#counters.suspectedOverflows += 1;
    for (const root of this.#roots.values()) root.suspect(reason, detail);
  }

  #beat(): void {
    this.#isBeating = this.#roots.size > 0 && !this.#isClosed;
    if (!this.#isBeating) return;
    const { clock } = this.#ports;
    const [lastMs, lastWallMs] = [clock.monotonicMs(), clock.nowMs()];
    clock.setTimeout(() => {
      this.#checkTime(clock.monotonicMs() - lastMs, clock.nowMs() - lastWallMs);
      this.#tellCounters();
      this.#health.beat(clock.monotonicMs(), this.#counters.hints);
      this.#beat();
    }, HEARTBEAT_MS);
  }

  /** The monotonic clock stands still while the machine is suspended; the other one may also be set by somebody. */
  #checkTime(passedMs: number, wallMs: number): void {
    const lateMs = passedMs - HEARTBEAT_MS;
    if (lateMs > STANDSTILL_MS) this.#suspectAll('host_stalled', `for ${seconds(lateMs)}`);
    const jumpMs = wallMs - passedMs;
    if (Math.abs(jumpMs) <= CLOCK_JUMP_MS) return;
    const way = jumpMs > 0 ? 'forward, or the machine was suspended' : 'back';
    this.#suspectAll('clock_jump', `${seconds(Math.abs(jumpMs))} ${way}`);
  }

  #tellCounters(): void {
    const { hintsCollapsed, suspectedOverflows } = this.#counters;
    const { coalesced, rateWaits, transientsDropped, looksAhead } = this.#counters;
    const troubles =
      hintsCollapsed + suspectedOverflows + coalesced + rateWaits + transientsDropped + looksAhead;
    if (troubles === this.#toldTroubles) return;
    this.#toldTroubles = troubles;
    this.#emit({ type: 'counters', ...this.#counters });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
