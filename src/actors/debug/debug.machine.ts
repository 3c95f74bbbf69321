import { emit, setup } from '../../supervisor/statechart.ts';

export type DebugEffect = { type: 'effect.stopThread' };

/** The debug socket answers until everything else has stopped. */
export const debugMachine = setup({
  types: {} as {
    events: { type: 'threadStopped' } | { type: 'sys.shutdown' };
    emitted: DebugEffect;
  },
}).createMachine({
  id: 'debug',
  initial: 'answering',
  states: {
    answering: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
    closing: { entry: emit({ type: 'effect.stopThread' }), on: { threadStopped: 'stopped' } },
    stopped: { type: 'final' },
  },
});
