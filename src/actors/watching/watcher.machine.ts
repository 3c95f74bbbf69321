import { emit, setup } from '../../supervisor/statechart.ts';

export type WatcherEffect =
  | { type: 'effect.openRoot' }
  | { type: 'effect.sendIndex' }
  | { type: 'effect.retryLater' }
  | { type: 'effect.settled' }
  | { type: 'effect.lost' }
  | { type: 'effect.unwatch' };

export type WatcherEvent =
  | { type: 'hostUp' }
  | { type: 'hostDown' }
  | { type: 'rootOpened' }
  | { type: 'indexSent' }
  | { type: 'failed' }
  | { type: 'retryDue' }
  | { type: 'watching' }
  | { type: 'rootGone' }
  | { type: 'flushed' }
  | { type: 'sys.shutdown' };

/**
 * Life of one watched root. Whatever happens to the host, the way back is the same: the ledger says what is
 * recorded, the host gets that index, looks at the disk and reports the difference.
 */
export const watcherMachine = setup({
  types: {} as { events: WatcherEvent; emitted: WatcherEffect },
}).createMachine({
  id: 'watcher',
  initial: 'up',
  states: {
    up: {
      initial: 'waitingForHost',
      tags: ['ready'],
      on: {
        'sys.shutdown': 'draining',
        hostUp: '.opening',
        hostDown: '.waitingForHost',
        failed: '.failed',
      },
      states: {
        waitingForHost: { entry: emit({ type: 'effect.lost' }) },
        opening: {
          entry: emit({ type: 'effect.openRoot' }),
          on: { rootOpened: 'loading' },
        },
        loading: {
          entry: emit({ type: 'effect.sendIndex' }),
          on: { indexSent: 'scanning' },
        },
        scanning: { on: { watching: 'watching', rootGone: 'rootGone' } },
        watching: {
          entry: emit({ type: 'effect.settled' }),
          on: { rootGone: 'rootGone' },
        },
        rootGone: { on: { watching: 'watching' } },
        failed: {
          entry: emit({ type: 'effect.retryLater' }),
          on: { retryDue: 'opening' },
        },
      },
    },
    draining: {
      entry: emit({ type: 'effect.unwatch' }),
      on: { flushed: 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
