import { emit, setup } from '../../supervisor/statechart.ts';

export type MaintenanceEffect = { type: 'effect.stopThread' };

/** Checkpoints run in the thread until the writers have closed; then one last time and the thread ends. */
export const maintenanceMachine = setup({
  types: {} as {
    events: { type: 'threadStopped' } | { type: 'sys.shutdown' };
    emitted: MaintenanceEffect;
  },
}).createMachine({
  id: 'maintenance',
  initial: 'checkpointing',
  states: {
    checkpointing: { tags: ['ready'], on: { 'sys.shutdown': 'closing' } },
    closing: { entry: emit({ type: 'effect.stopThread' }), on: { threadStopped: 'stopped' } },
    stopped: { type: 'final' },
  },
});
