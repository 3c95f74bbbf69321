import { emit, setup } from '../../supervisor/statechart.ts';

export type HashingEffect = { type: 'effect.closePool' };

/** Files are read until it is told to stop; then running tasks end, and the pool is closed. */
export const hashingMachine = setup({
  types: {} as {
    events: { type: 'poolClosed' } | { type: 'sys.shutdown' };
    emitted: HashingEffect;
  },
}).createMachine({
  id: 'hashing',
  initial: 'serving',
  states: {
    serving: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
    closing: { entry: emit({ type: 'effect.closePool' }), on: { poolClosed: 'stopped' } },
    stopped: { type: 'final' },
  },
});
