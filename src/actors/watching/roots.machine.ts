import { emit, setup } from '../../supervisor/statechart.ts';

export type RootsEffect = { type: 'effect.load' } | { type: 'effect.serveWaiting' };

/** Roots are served once the stored ones are known and their watchers started. */
export const rootsMachine = setup({
  types: {} as {
    events: { type: 'loaded' } | { type: 'sys.shutdown' };
    emitted: RootsEffect;
  },
}).createMachine({
  id: 'roots',
  initial: 'loading',
  states: {
    loading: {
      entry: emit({ type: 'effect.load' }),
      on: { loaded: 'serving', 'sys.shutdown': 'stopped' },
    },
    serving: {
      tags: ['ready'],
      entry: emit({ type: 'effect.serveWaiting' }),
      on: { 'sys.shutdown': 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
