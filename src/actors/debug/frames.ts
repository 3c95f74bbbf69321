import type { ActorStats, CellContext } from '../../supervisor/index.ts';
import type { BareFrame } from '../../workers/debug/debug.messages.ts';
import { statsView } from './actor-view.ts';
import { isoTime, round } from './plain-names.ts';
import type { DebugPorts } from './ports.ts';

/** Without a frame for this long nobody looks any more, and nothing is measured. */
const IDLE_MS = 10_000;

interface Totals {
  busyMs: number;
  messages: number;
}

/** Frames of `codi top`: numbers of the process, and the actors that did most since the frame before. */
export class Frames {
  readonly #ports: DebugPorts;
  readonly #cell: Pick<CellContext, 'clock' | 'scope'>;
  #before = new Map<string, Totals>();
  #endIdle: (() => void) | undefined;

  constructor(ports: DebugPorts, cell: Pick<CellContext, 'clock' | 'scope'>) {
    this.#ports = ports;
    this.#cell = cell;
  }

  next(limit: number): BareFrame {
    const { system, measure, service, startedAtMs } = this.#ports;
    const { clock } = this.#cell;
    this.#keepMeasuring();
    const all = system().allStats();
    const ranked = this.#rank(all);
    const nowMs = clock.nowMs();
    return {
      at: isoTime(nowMs),
      at_ms: round(clock.monotonicMs()),
      process: { ...measure(), uptime_ms: Math.round(nowMs - startedAtMs) },
      service: service(),
      actors: ranked.slice(0, limit).map(statsView),
      omitted: Math.max(0, all.length - limit),
    };
  }

  /** Most time first, then most messages, then most that waits; the rest by path. */
  #rank(all: readonly ActorStats[]): ActorStats[] {
    const before = this.#before;
    this.#before = new Map(all.map((stats) => [stats.path, totalsOf(stats)]));
    const weighed = all.map((stats) => {
      const { busyMs, messages } = totalsOf(stats);
      const last = before.get(stats.path) ?? { busyMs: 0, messages: 0 };
      const waiting = stats.mailbox.count;
      return { stats, busy: busyMs - last.busyMs, moved: messages - last.messages, waiting };
    });
    weighed.sort(
      (one, two) =>
        two.busy - one.busy ||
        two.moved - one.moved ||
        two.waiting - one.waiting ||
        (one.stats.path < two.stats.path ? -1 : 1),
    );
    return weighed.map(({ stats }) => stats);
  }

  #keepMeasuring(): void {
    this.#endIdle?.();
    this.#endIdle = this.#cell.scope.after(IDLE_MS, () => this.stop());
  }

  stop(): void {
    this.#endIdle?.();
    this.#endIdle = undefined;
    this.#before.clear();
    this.#ports.endMeasuring();
  }
}

function totalsOf({ busyMs, messagesIn, messagesOut }: ActorStats): Totals {
  return { busyMs, messages: messagesIn + messagesOut };
}
