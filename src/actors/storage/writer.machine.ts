import { assign, emit, setup } from '../../supervisor/statechart.ts';

/** What a writer's machine asks its actor to do. */
export type WriterEffect =
  | { type: 'effect.resume' }
  | { type: 'effect.retryLater'; retryMs: number }
  | { type: 'effect.finish' }
  | { type: 'effect.stopThread' };

export type WriterEvent =
  | { type: 'refused'; retryMs: number }
  | { type: 'retryDue' }
  | { type: 'drained' }
  | { type: 'threadStopped' }
  | { type: 'sys.shutdown' };

/**
 * Life of a storage writer around its thread: serving, refusing while the disk takes nothing,
 * draining what was taken before it lets the thread close the database.
 */
export const writerMachine = setup({
  types: {} as {
    context: { retryMs: number };
    events: WriterEvent;
    emitted: WriterEffect;
  },
}).createMachine({
  id: 'writer',
  context: { retryMs: 0 },
  initial: 'serving',
  states: {
    serving: {
      tags: ['ready'],
      entry: emit({ type: 'effect.resume' }),
      on: {
        refused: {
          target: 'refusing',
          actions: assign({ retryMs: ({ event }) => event.retryMs }),
        },
        'sys.shutdown': 'draining',
      },
    },
    refusing: {
      tags: ['ready'],
      entry: emit(({ context }) => ({ type: 'effect.retryLater', retryMs: context.retryMs })),
      on: {
        retryDue: 'serving',
        // A disk that takes nothing is not waited for: entries were refused, file changes are found again.
        'sys.shutdown': 'closing',
      },
    },
    draining: {
      entry: emit({ type: 'effect.finish' }),
      on: { drained: 'closing', refused: 'closing' },
    },
    closing: {
      entry: emit({ type: 'effect.stopThread' }),
      on: { threadStopped: 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
