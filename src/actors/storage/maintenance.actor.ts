/**
 * Keeps the write-ahead logs short: its thread checkpoints both databases while commits happen, and verifies what is
 * stored in between. It holds no data; when it dies the writers' own RESTART at the size limit bounds the logs until it
 * is back.
 */
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { ScrubDesk } from './scrub-desk.ts';
import type { FromCheckpointer, WalSizes } from '../../workers/storage/checkpoint.messages.ts';

export interface MaintenancePorts {
  onSizes(sizes: WalSizes): void;
  scrub: ScrubDesk;
}

export function maintenanceSpec(
  entry: URL,
  data: unknown,
  ports: MaintenancePorts,
): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'maintenance',
    backoff: { minMs: 20, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow', slowMs: 5_000 },
    isolation: { kind: 'thread', entry, data },
    // One checkpoint of a log that grew long behind a reader can take a slow disk many seconds.
    heartbeat: { timeoutMs: 120_000 },
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, { onSizes, scrub }: MaintenancePorts) {
  const host = cell.host!;
  const onMessage = (message: FromCheckpointer) => {
    if (message.type === 'sizes') onSizes(message);
    else scrub.take(message);
  };
  host.onMessage(cell.scope.wrap((message) => onMessage(message as FromCheckpointer)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'closed' })));
  return behaviour({
    machine: closingMachine('maintenance', 'checkpointing'),
    effects: { 'effect.close': () => host.post({ type: 'stop' }) },
  });
}
