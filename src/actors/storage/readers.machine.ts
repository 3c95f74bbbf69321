import { emit, setup } from '../../supervisor/statechart.ts';

export type ReadersEffect = { type: 'effect.closePool' };

/** Readers answer until they are told to stop; then running reads end and the pool is closed. */
export const readersMachine = setup({
  types: {} as {
    events: { type: 'poolClosed' } | { type: 'sys.shutdown' };
    emitted: ReadersEffect;
  },
}).createMachine({
  id: 'readers',
  initial: 'answering',
  states: {
    answering: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
    closing: { entry: emit({ type: 'effect.closePool' }), on: { poolClosed: 'stopped' } },
    stopped: { type: 'final' },
  },
});
