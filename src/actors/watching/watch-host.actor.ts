/**
 * Stands in the tree for a child process that holds native watches. It routes messages between the process
 * and the watchers; when the process dies or goes silent it is replaced, and watchers reconcile. It keeps
 * nothing of its own.
 */
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext, Isolation } from '../../supervisor/index.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { CodiError } from '../../protocol/errors.ts';
import { ownEvents } from '../../protocol/packed-events.ts';
import type {
  FromWatchHost,
  HostLimits,
  HostVitals,
} from '../../workers/watch-host/watch-host.messages.ts';
import { countOf } from './count-of.ts';
import { excessOf, HostReplacements, type HostBudget } from './host-budget.ts';
import type { HostRouter } from './host-router.ts';
import type { HostTable } from './host-table.ts';
import { WATCHING_RESTARTS } from './restarts.ts';
import { watchHostMachine } from './watch-host.machine.ts';

export interface WatchHostPorts {
  router: HostRouter;
  /** A process that says nothing for so long hangs in native code or on a dead mount. */
  silenceLimitMs: number;
  startTimeoutMs: number;
  limits(): HostLimits;
  budget: HostBudget;
  table: HostTable;
  telemetry: Telemetry;
}

export type WatchHostProcess = Extract<Isolation, { kind: 'thread' | 'process' }>;

export function watchHostSpec(
  id: string,
  isolation: WatchHostProcess,
  ports: WatchHostPorts,
): ActorSpec<never> {
  const replacements = new HostReplacements();
  return {
    type: 'worker',
    id,
    ...WATCHING_RESTARTS,
    shutdown: 2_000,
    startTimeoutMs: ports.startTimeoutMs,
    heartbeat: { timeoutMs: ports.silenceLimitMs },
    isolation,
    start: (cell) => start(id, cell, ports, replacements),
  };
}

function start(
  id: string,
  cell: CellContext<never>,
  ports: WatchHostPorts,
  replacements: HostReplacements,
) {
  const host = cell.host!;
  const { router, table, telemetry } = ports;
  let isBorne = false;
  const told = { transientsDropped: 0, coalesced: 0, rateWaits: 0, looksAhead: 0 };
  const check = (vitals: HostVitals) => {
    table.update(id, vitals);
    const excess = excessOf(vitals, ports.budget);
    if (!excess || isBorne) return;
    const decision = replacements.decide(id, router.isPolled(id), cell.clock.monotonicMs());
    telemetry.emit('HostOverBudget', { host: id, ...excess, decision });
    isBorne = true;
    if (decision === 'bear') return;
    const reason = `its watch host took too much: ${excess.what} ${excess.value} of ${excess.limit}`;
    if (decision === 'poll') router.poll(id, reason);
    cell.crash(new CodiError('CODI_HOST_OVER_BUDGET', { host: id, ...excess }));
  };
  const onMessage = (message: FromWatchHost) => {
    if (message.type === 'counters') {
      telemetry.emit('HintsCollapsed', message);
      const { transientsDropped, coalesced, rateWaits, looksAhead } = message;
      const dropped = transientsDropped - told.transientsDropped;
      if (dropped > 0) telemetry.emit('TransientsDropped', { host: id, count: dropped });
      const count = coalesced - told.coalesced;
      const waits = rateWaits - told.rateWaits;
      if (count + waits > 0) telemetry.emit('FileEventsHeldBack', { host: id, count, waits });
      const looks = looksAhead - told.looksAhead;
      if (looks > 0) telemetry.emit('LookedAhead', { host: id, looks });
      Object.assign(told, { transientsDropped, coalesced, rateWaits, looksAhead });
    } else if (message.type === 'vitals') check(message);
    else if (message.type === 'changes')
      router.deliver(id, { ...message, events: ownEvents(message.events) });
    else router.deliver(id, message);
  };
  host.onMessage(cell.scope.wrap((message) => onMessage(message as FromWatchHost)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'processStopped' })));
  cell.scope.defer('host vitals', () => table.remove(id));
  cell.scope.defer('host route', () => router.hostDown(id, cell.epoch));
  host.post({ type: 'limits', limits: ports.limits() });
  router.hostUp(id, cell.epoch, (message) => host.post(message));

  return behaviour({
    machine: watchHostMachine,
    effects: {
      'effect.stopProcess': () => host.post({ type: 'stop' }),
    },
    status: () => ({ note: countOf(router.rootsOf(id), 'root') }),
  });
}
