import { emit, setup } from '../../supervisor/statechart.ts';

export type AcceptorEffect = { type: 'effect.listen' } | { type: 'effect.close' };

/** An acceptor is ready once its socket listens. Closing it leaves accepted connections alone. */
export const acceptorMachine = setup({
  types: {} as {
    events: { type: 'listening' } | { type: 'closed' } | { type: 'sys.shutdown' };
    emitted: AcceptorEffect;
  },
}).createMachine({
  id: 'acceptor',
  initial: 'binding',
  states: {
    binding: {
      entry: emit({ type: 'effect.listen' }),
      on: { listening: 'listening', 'sys.shutdown': 'closing' },
    },
    listening: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
    closing: { entry: emit({ type: 'effect.close' }), on: { closed: 'stopped' } },
    stopped: { type: 'final' },
  },
});
