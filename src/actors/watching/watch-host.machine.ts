import { emit, setup } from '../../supervisor/statechart.ts';

export type WatchHostEffect = { type: 'effect.stopProcess' };

export type WatchHostEvent = { type: 'processStopped' } | { type: 'sys.shutdown' };

/** A watch host watches until it is asked to stop; one that hangs is replaced by the runtime's watchdog. */
export const watchHostMachine = setup({
  types: {} as { events: WatchHostEvent; emitted: WatchHostEffect },
}).createMachine({
  id: 'watchHost',
  initial: 'watching',
  states: {
    watching: { tags: ['ready'], on: { 'sys.shutdown': 'stopping' } },
    stopping: {
      entry: emit({ type: 'effect.stopProcess' }),
      on: { processStopped: 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
