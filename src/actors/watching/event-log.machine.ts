import { emit, setup } from '../../supervisor/statechart.ts';

export type EventLogEffect = { type: 'effect.follow' } | { type: 'effect.close' };

export type EventLogEvent = { type: 'closed' } | { type: 'sys.shutdown' };

/** What is not written at the end is written by the next start: the last line says how far it came. */
export const eventLogMachine = setup({
  types: {} as { events: EventLogEvent; emitted: EventLogEffect },
}).createMachine({
  id: 'eventLog',
  initial: 'following',
  states: {
    following: {
      tags: ['ready'],
      entry: emit({ type: 'effect.follow' }),
      on: { 'sys.shutdown': 'closing' },
    },
    closing: { entry: emit({ type: 'effect.close' }), on: { closed: 'stopped' } },
    stopped: { type: 'final' },
  },
});
