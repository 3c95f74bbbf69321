/**
 * Stands in the tree for a child process that holds native watches. It beats the heart, routes messages
 * between the process and the watchers, and lets the process be replaced when it dies or goes silent;
 * watchers then reconcile. It keeps nothing of its own.
 */
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { FromWatchHost } from '../../workers/watch-host/watch-host.messages.ts';
import { countOf } from './count-of.ts';
import type { HostRouter } from './host-router.ts';
import { WATCHING_RESTARTS } from './restarts.ts';
import { watchHostMachine } from './watch-host.machine.ts';

export interface WatchHostPorts {
  router: HostRouter;
  heartbeatMs: number;
  telemetry: Telemetry;
}

export function watchHostSpec(id: string, entry: URL, ports: WatchHostPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id,
    ...WATCHING_RESTARTS,
    shutdown: 2_000,
    isolation: { kind: 'process', entry },
    start: (cell) => start(id, cell, ports),
  };
}

function start(id: string, cell: CellContext<never>, ports: WatchHostPorts) {
  const host = cell.host!;
  const { router, telemetry } = ports;
  const onMessage = (message: FromWatchHost) => {
    if (message.type === 'pong') cell.raise({ type: 'pong' });
    else if (message.type === 'counters') telemetry.emit('HintsCollapsed', message);
    else router.deliver(id, message);
  };
  host.onMessage(cell.scope.wrap((message) => onMessage(message as FromWatchHost)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'processStopped' })));
  cell.scope.defer('host route', () => router.hostDown(id, cell.epoch));
  cell.scope.every(ports.heartbeatMs, () => cell.raise({ type: 'heartbeatDue' }));
  router.hostUp(id, cell.epoch, (message) => host.post(message));

  let pingId = 0;
  return behaviour({
    machine: watchHostMachine,
    effects: {
      'effect.ping': () => host.post({ type: 'ping', id: ++pingId }),
      'effect.giveUp': ({ missedCount }) => {
        throw new Error(`the watch host left ${missedCount} heartbeats unanswered`);
      },
      'effect.stopProcess': () => host.post({ type: 'stop' }),
    },
    status: () => ({ note: countOf(router.rootsOf(id), 'root') }),
  });
}
