import { emit, setup } from '../../supervisor/statechart.ts';

export type ExportsEffect = { type: 'effect.follow' } | { type: 'effect.closePool' };

export type ExportsEvent = { type: 'poolClosed' } | { type: 'sys.shutdown' };

/** What is under way at the end is done again by the next start: it goes on from its place in the ledger. */
export const exportsMachine = setup({
  types: {} as { events: ExportsEvent; emitted: ExportsEffect },
}).createMachine({
  id: 'exports',
  initial: 'following',
  states: {
    following: {
      tags: ['ready'],
      entry: emit({ type: 'effect.follow' }),
      on: { 'sys.shutdown': 'closing' },
    },
    closing: { entry: emit({ type: 'effect.closePool' }), on: { poolClosed: 'stopped' } },
    stopped: { type: 'final' },
  },
});
