/**
 * Signs what the databases hold. Its thread reads blocks and writes checkpoints beside the databases; no
 * commit waits for it. It keeps no state: when it dies the next one reads the chain again from its leaves.
 */
import { CodiError } from '../../protocol/errors.ts';
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { FromNotary, NotaryCommand } from '../../workers/storage/notary.messages.ts';
import type { RequestBook } from './request-book.ts';

export interface NotaryActorPorts {
  book: RequestBook<NotaryCommand>;
  /** Everything the thread says but answers. */
  onMessage(message: FromNotary): void;
}

export function notarySpec(entry: URL, data: unknown, ports: NotaryActorPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'notary',
    backoff: { minMs: 20, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
    isolation: { kind: 'thread', entry, data },
    shutdown: 5_000,
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, { book, onMessage }: NotaryActorPorts) {
  const host = cell.host!;
  const take = (message: FromNotary) => {
    if (message.type !== 'answer') return onMessage(message);
    const { id } = message;
    if (message.ok) book.answer(id, { ok: true, result: message.result });
    else book.answer(id, { ok: false, error: CodiError.fromWire(message.error) });
  };
  host.onMessage(cell.scope.wrap((message) => take(message as FromNotary)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'closed' })));
  cell.scope.defer('request book', () => book.detach());
  book.attach((message) => host.post(message));
  return behaviour({
    machine: closingMachine('notary', 'signing'),
    effects: { 'effect.close': () => host.post({ type: 'stop' }) },
  });
}
