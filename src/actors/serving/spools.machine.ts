import { emit, setup } from '../../supervisor/statechart.ts';

export type SpoolsEffect = { type: 'effect.drain' } | { type: 'effect.stop' };

export type SpoolsEvent = { type: 'due' } | { type: 'finished' } | { type: 'sys.shutdown' };

/** One look at the folder at a time. A drain that is stopped goes on with the next start. */
export const spoolsMachine = setup({
  types: {} as { events: SpoolsEvent; emitted: SpoolsEffect },
}).createMachine({
  id: 'spools',
  initial: 'resting',
  states: {
    resting: { tags: ['ready'], on: { due: 'draining', 'sys.shutdown': 'stopped' } },
    draining: {
      tags: ['ready'],
      entry: emit({ type: 'effect.drain' }),
      on: { finished: 'resting', 'sys.shutdown': 'closing' },
    },
    closing: { entry: emit({ type: 'effect.stop' }), on: { finished: 'stopped' } },
    stopped: { type: 'final' },
  },
});
