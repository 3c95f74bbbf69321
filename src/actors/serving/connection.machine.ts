import { assign, emit, setup } from '../../supervisor/statechart.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

export type ConnectionEffect =
  | { type: 'effect.refuse'; code: ErrorCode }
  | { type: 'effect.finish' }
  | { type: 'effect.stopFollows' }
  | { type: 'effect.end' }
  | { type: 'effect.cut' };

export type ConnectionEvent =
  | { type: 'hello' }
  | { type: 'broken'; code: ErrorCode }
  | { type: 'peerEnded' }
  | { type: 'answered' }
  | { type: 'socketClosed' }
  | { type: 'sys.shutdown' };

/**
 * Life of one client connection. A peer that has sent its last byte, and a daemon that stops, both wait for
 * the answers that are still owed; a peer that breaks the protocol gets the reason and is closed.
 */
export const connectionMachine = setup({
  types: {} as {
    context: { code: ErrorCode };
    events: ConnectionEvent;
    emitted: ConnectionEffect;
  },
}).createMachine({
  id: 'connection',
  context: { code: 'CODI_INTERNAL' },
  initial: 'open',
  on: { socketClosed: '.closed' },
  states: {
    open: {
      tags: ['ready'],
      initial: 'anonymous',
      on: {
        broken: {
          target: 'refusing',
          actions: assign({ code: ({ event }) => event.code }),
        },
        peerEnded: 'finishing',
        'sys.shutdown': {
          target: 'finishing',
          actions: emit({ type: 'effect.stopFollows' }),
        },
      },
      states: {
        anonymous: { on: { hello: 'greeted' } },
        greeted: {},
      },
    },
    finishing: {
      entry: emit({ type: 'effect.finish' }),
      on: {
        answered: 'ending',
        'sys.shutdown': { actions: emit({ type: 'effect.stopFollows' }) },
      },
    },
    refusing: {
      entry: [
        emit(({ context }) => ({ type: 'effect.refuse', code: context.code })),
        emit({ type: 'effect.stopFollows' }),
        emit({ type: 'effect.finish' }),
      ],
      on: { answered: 'ending' },
    },
    ending: {
      entry: emit({ type: 'effect.end' }),
      // A peer that does not read what is left is not waited for.
      on: { 'sys.shutdown': { actions: emit({ type: 'effect.cut' }) } },
    },
    closed: { type: 'final' },
  },
});
