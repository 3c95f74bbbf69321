/**
 * The only way into state.db. Owns the state thread and carries requests to it one by one, in order; what
 * has no answer when it dies is asked again by the next incarnation. It keeps no state of its own.
 */
import { CodiError } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { FromState, StateCommand } from '../../workers/storage/state.messages.ts';
import type { HealingDesk } from './healing-desk.ts';
import type { RequestBook } from './request-book.ts';
import { WRITER_RESTARTS, WRITER_LOOK_MS } from './restarts.ts';
import { writerMachine } from './writer.machine.ts';

export interface StateWriterPorts {
  book: RequestBook<StateCommand>;
  /** Throws CodiError when the database is not where it was opened. */
  assertInPlace(): void;
  /** The writer is about to be gone: nobody opens its database before the next one has looked at it. */
  onEnd(): void;
  /** Where damage is reported, and what becomes of it. */
  healing: HealingDesk;
}

export function stateWriterSpec(
  entry: URL,
  data: unknown,
  ports: StateWriterPorts,
): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'state-writer',
    ...WRITER_RESTARTS,
    isolation: { kind: 'thread', entry, data, isEarly: true },
    start: (cell) => start(cell, ports),
  };
}

function start(
  cell: CellContext<never>,
  { book, healing, assertInPlace, onEnd }: StateWriterPorts,
) {
  const host = cell.host!;

  const onMessage = (message: FromState) => {
    switch (message.type) {
      case 'answer':
        book.answer(
          message.id,
          message.ok
            ? { ok: true, result: message.result }
            : { ok: false, error: CodiError.fromWire(message.error) },
        );
        break;
      case 'fatal':
        throw new CodiError(message.code, { reason: message.message });
      case 'healing':
      case 'unhealed':
      case 'healed':
        healing.take(message);
        break;
      case 'sys.ready':
      case 'sys.startFailed':
        break;
    }
  };
  host.onMessage(cell.scope.wrap((message) => onMessage(message as FromState)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'threadStopped' })));
  cell.scope.defer('store gate', onEnd);
  cell.scope.every(WRITER_LOOK_MS, () => {
    // While it is healed there is none.
    if (healing.percent('state') === undefined) assertInPlace();
  });
  const detach = healing.attach('state', (damage) => host.post({ ...damage, type: 'heal' }));
  cell.scope.defer('healing', detach);
  cell.scope.defer('request book', () => book.lose());

  return behaviour({
    machine: writerMachine,
    effects: {
      'effect.resume': () => book.attach((message) => host.post(message)),
      'effect.retryLater': ({ retryMs }) => {
        cell.scope.after(retryMs, () => cell.raise({ type: 'retryDue' }));
      },
      'effect.finish': () => book.whenIdle(cell.scope.wrap(() => cell.raise({ type: 'drained' }))),
      'effect.stopThread': () => host.post({ type: 'stop' }),
    },
    status: () => {
      const percent = healing.percent('state');
      if (percent !== undefined) return { state: 'healing', note: `${percent} %` };
      return { state: book.isEmpty ? 'idle' : 'committing' };
    },
  });
}
