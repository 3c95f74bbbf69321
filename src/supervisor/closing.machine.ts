import { emit, setup } from './statechart.ts';

/**
 * Of an actor that works from its start on until it is told to stop, and then has something to give back that takes a
 * moment: a thread, a pool, files. `working`: the state until then, as the tree shows it.
 */
export function closingMachine(id: string, working: string) {
  return setup({
    types: {} as {
      events: { type: 'closed' } | { type: 'sys.shutdown' };
      emitted: { type: 'effect.close' };
    },
  }).createMachine({
    id,
    initial: working,
    states: {
      [working]: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
      closing: { entry: emit({ type: 'effect.close' }), on: { closed: 'stopped' } },
      stopped: { type: 'final' },
    },
  });
}
