import { emit, setup } from '../../supervisor/statechart.ts';

export type NotaryEffect = { type: 'effect.stopThread' };

/** Signs while commits happen, and once more when the writers are gone; then the thread ends. */
export const notaryMachine = setup({
  types: {} as {
    events: { type: 'threadStopped' } | { type: 'sys.shutdown' };
    emitted: NotaryEffect;
  },
}).createMachine({
  id: 'notary',
  initial: 'signing',
  states: {
    signing: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
    closing: { entry: emit({ type: 'effect.stopThread' }), on: { threadStopped: 'stopped' } },
    stopped: { type: 'final' },
  },
});
