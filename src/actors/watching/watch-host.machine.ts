import { assign, emit, setup } from '../../supervisor/statechart.ts';

export type WatchHostEffect =
  | { type: 'effect.ping' }
  | { type: 'effect.giveUp'; missedCount: number }
  | { type: 'effect.stopProcess' };

export type WatchHostEvent =
  | { type: 'heartbeatDue' }
  | { type: 'pong' }
  | { type: 'processStopped' }
  | { type: 'sys.shutdown' };

/** A host that leaves this many heartbeats unanswered hangs in native code or on a dead mount. */
export const MISSED_HEARTBEATS_MAX = 5;

/** A watch host answers heartbeats or is replaced. */
export const watchHostMachine = setup({
  types: {} as {
    context: { missedCount: number };
    events: WatchHostEvent;
    emitted: WatchHostEffect;
  },
  guards: { isSilent: ({ context }) => context.missedCount >= MISSED_HEARTBEATS_MAX },
}).createMachine({
  id: 'watchHost',
  context: { missedCount: 0 },
  initial: 'watching',
  states: {
    watching: {
      tags: ['ready'],
      on: {
        heartbeatDue: [
          { guard: 'isSilent', target: 'unresponsive' },
          {
            actions: [
              assign({ missedCount: ({ context }) => context.missedCount + 1 }),
              emit({ type: 'effect.ping' }),
            ],
          },
        ],
        pong: { actions: assign({ missedCount: 0 }) },
        'sys.shutdown': 'stopping',
      },
    },
    unresponsive: {
      entry: emit(({ context }) => ({
        type: 'effect.giveUp',
        missedCount: context.missedCount,
      })),
      on: { 'sys.shutdown': 'stopping' },
    },
    stopping: {
      entry: emit({ type: 'effect.stopProcess' }),
      on: { processStopped: 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
