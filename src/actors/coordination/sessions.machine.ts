import { emit, setup } from '../../supervisor/statechart.ts';

export type SessionsEffect = { type: 'effect.load' } | { type: 'effect.look' };

/** Looks at sessions again and again, once it knows those from before; nobody waits for that for long. */
export const sessionsMachine = setup({
  types: {} as {
    events: { type: 'loaded' } | { type: 'late' } | { type: 'lookDue' } | { type: 'sys.shutdown' };
    emitted: SessionsEffect;
  },
}).createMachine({
  id: 'sessions',
  initial: 'loading',
  states: {
    loading: {
      entry: emit({ type: 'effect.load' }),
      on: { loaded: 'watching', late: 'waiting', 'sys.shutdown': 'stopped' },
    },
    waiting: {
      tags: ['ready'],
      on: { loaded: 'watching', 'sys.shutdown': 'stopped' },
    },
    watching: {
      tags: ['ready'],
      on: { lookDue: { actions: emit({ type: 'effect.look' }) }, 'sys.shutdown': 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
