import { emit, setup } from '../../supervisor/statechart.ts';

export type RetentionEffect =
  { type: 'effect.run' } | { type: 'effect.rest' } | { type: 'effect.closePool' };

export type RetentionEvent =
  { type: 'due' } | { type: 'finished' } | { type: 'poolClosed' } | { type: 'sys.shutdown' };

/** One run at a time; what becomes due meanwhile runs after it. A run that is stopped goes on with the next start. */
export const retentionMachine = setup({
  types: {} as { events: RetentionEvent; emitted: RetentionEffect },
}).createMachine({
  id: 'retention',
  initial: 'resting',
  states: {
    resting: {
      tags: ['ready'],
      entry: emit({ type: 'effect.rest' }),
      on: { due: 'running', 'sys.shutdown': 'closing' },
    },
    running: {
      tags: ['ready'],
      entry: emit({ type: 'effect.run' }),
      on: { finished: 'resting', 'sys.shutdown': 'closing' },
    },
    closing: { entry: emit({ type: 'effect.closePool' }), on: { poolClosed: 'stopped' } },
    stopped: { type: 'final' },
  },
});
