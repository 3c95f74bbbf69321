import { CodiError } from '../../protocol/errors.ts';
import type { MachineView } from '../../protocol/debug/actor-views.ts';
import type { MachineView as Inspected, System } from '../../supervisor/index.ts';

/** JSON of a context beyond this is not sent. */
const CONTEXT_LIMIT_BYTES = 64 * 1024;

/**
 * The live machine of an actor.
 * @throws CodiError CODI_ACTOR_NOT_FOUND, CODI_ACTOR_NOT_RUNNING, CODI_MESSAGE_INVALID (a supervisor)
 */
export function inspectMachine(system: System, path: string): Inspected {
  const found = system.inspectMachine(path);
  if (found.ok) return found.view;
  switch (found.error) {
    case 'noproc':
      throw new CodiError('CODI_ACTOR_NOT_FOUND', { path });
    case 'supervisor':
      throw new CodiError(
        'CODI_MESSAGE_INVALID',
        { reason: `${path} is a supervisor and has no machine` },
        { hint: 'peek at one of its children: see `codi tree`' },
      );
    case 'not_running': {
      const explained = system.explainWhy(path);
      const state = explained === 'noproc' ? 'gone' : explained.state;
      throw new CodiError('CODI_ACTOR_NOT_RUNNING', { path, state });
    }
    default:
      throw new CodiError('CODI_INTERNAL', { reason: found.error.failed.message });
  }
}

export function machineView(view: Inspected, withDefinition: boolean): MachineView {
  const { path, epoch, snapshot, nextEvents, definition } = view;
  return {
    path,
    epoch,
    ...snapshot,
    context: bounded(snapshot.context),
    next_events: nextEvents,
    states: stateNames(definition),
    ...(withDefinition && { definition }),
  };
}

/** Names of all states, those inside of others as `outer.inner`. */
function stateNames(definition: unknown, prefix = ''): string[] {
  const { states } = (definition ?? {}) as { states?: unknown };
  if (typeof states !== 'object' || states === null) return [];
  return Object.entries(states).flatMap(([name, state]) => [
    `${prefix}${name}`,
    ...stateNames(state, `${prefix}${name}.`),
  ]);
}

function bounded(context: unknown): unknown {
  const bytes = JSON.stringify(context)?.length ?? 0;
  return bytes <= CONTEXT_LIMIT_BYTES ? context : `<${bytes} bytes>`;
}
