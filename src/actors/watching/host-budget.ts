import type { HostVitals } from '../../workers/watch-host/watch-host.messages.ts';

export interface HostBudget {
  readonly memoryBytes: number;
  readonly descriptors: number;
}

export interface Excess {
  readonly what: 'memory' | 'descriptors' | 'leaked_watches' | 'inotify_instances';
  readonly value: number;
  readonly limit: number;
}

/** One of the event loop, one of the recursive watcher, and one that is on its way out. */
const INSTANCES_MAX = 3;
const LEAKED_MIN = 1_000;
const LEAKED_SHARE = 0.1;
/** Replaced so often within this time, a host does not fit: its roots are polled from then on. */
const REPLACEMENTS_MAX = 3;
const WITHIN_MS = 10 * 60_000;

/** Of what the host takes too much; undefined while all is well. */
export function excessOf(vitals: HostVitals, budget: HostBudget): Excess | undefined {
  const { memoryBytes, descriptors, leakedWatches, watches, instances } = vitals;
  const bounds: Excess[] = [
    { what: 'memory', value: memoryBytes, limit: budget.memoryBytes },
    { what: 'descriptors', value: descriptors, limit: budget.descriptors },
    {
      what: 'leaked_watches',
      value: leakedWatches,
      limit: Math.max(LEAKED_MIN, Math.floor(watches * LEAKED_SHARE)),
    },
    { what: 'inotify_instances', value: instances, limit: INSTANCES_MAX },
  ];
  return bounds.find(({ value, limit }) => value > limit);
}

/**
 * What is done about hosts that take too much: they are replaced, and when that does not help, their roots are polled,
 * which needs neither watches nor what is kept for them. Whatever a polling host takes is what its index needs.
 */
export class HostReplacements {
  readonly #times = new Map<string, number[]>();

  decide(host: string, isPolled: boolean, nowMs: number): 'replace' | 'poll' | 'bear' {
    if (isPolled) return 'bear';
    const recent = (this.#times.get(host) ?? []).filter((atMs) => nowMs - atMs < WITHIN_MS);
    recent.push(nowMs);
    this.#times.set(host, recent);
    return recent.length > REPLACEMENTS_MAX ? 'poll' : 'replace';
  }
}
