import { emit, setup } from '../../supervisor/statechart.ts';

export type TelemetryEffect = { type: 'effect.open' } | { type: 'effect.look' };

/** Looks at the event loop again and again; the meter is closed with the scope. */
export const telemetryMachine = setup({
  types: {} as {
    events: { type: 'lookDue' } | { type: 'sys.shutdown' };
    emitted: TelemetryEffect;
  },
}).createMachine({
  id: 'telemetry',
  initial: 'measuring',
  states: {
    measuring: {
      tags: ['ready'],
      entry: emit({ type: 'effect.open' }),
      on: { lookDue: { actions: emit({ type: 'effect.look' }) }, 'sys.shutdown': 'stopped' },
    },
    stopped: { type: 'final' },
  },
});
