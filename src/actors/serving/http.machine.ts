import { emit, setup } from '../../supervisor/statechart.ts';

export type HttpEffect =
  { type: 'effect.bind' } | { type: 'effect.retryLater' } | { type: 'effect.close' };

/**
 * A port that somebody else has is no reason to bring the daemon down, not even at its start: the actor is
 * ready without it, and tries again.
 */
export const httpMachine = setup({
  types: {} as {
    events:
      | { type: 'bound' }
      | { type: 'refused' }
      | { type: 'retryDue' }
      | { type: 'closed' }
      | { type: 'sys.shutdown' };
    emitted: HttpEffect;
  },
}).createMachine({
  id: 'http',
  initial: 'binding',
  on: { 'sys.shutdown': '.closing' },
  states: {
    binding: {
      entry: emit({ type: 'effect.bind' }),
      on: { bound: 'listening', refused: 'unavailable' },
    },
    listening: { tags: ['ready'] },
    unavailable: {
      tags: ['ready'],
      entry: emit({ type: 'effect.retryLater' }),
      on: { retryDue: 'rebinding' },
    },
    rebinding: {
      tags: ['ready'],
      entry: emit({ type: 'effect.bind' }),
      on: { bound: 'listening', refused: 'unavailable' },
    },
    closing: {
      entry: emit({ type: 'effect.close' }),
      on: { closed: 'stopped', 'sys.shutdown': undefined },
    },
    stopped: { type: 'final' },
  },
});
