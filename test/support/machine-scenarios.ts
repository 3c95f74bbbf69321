import { createMachine, initialTransition, transition, type AnyStateMachine } from 'xstate';

/** What a machine is told and what it must do then: `state`, with `ready` when tagged so, and the effects. */
export interface Step {
  send?: { type: string; [field: string]: unknown };
  state: string;
  isReady?: boolean;
  effects?: string[];
}
export type Scenario = { title: string; steps: Step[] };

/** Runs the pure machine through a scenario; the first thing that is not as it should be, or undefined. */
export function firstDeviation(machine: AnyStateMachine, scenario: Scenario): string | undefined {
  let snapshot: any;
  let actions: readonly any[];
  for (const [index, step] of scenario.steps.entries()) {
    if (step.send) [snapshot, actions] = transition(machine, snapshot, step.send);
    else [snapshot, actions] = initialTransition(machine);
    const seen = {
      state: stateWord(snapshot.value),
      isReady: snapshot.hasTag('ready'),
      effects: actions
        .filter((action) => action.type === 'xstate.emit')
        .map((action) => describeEffect(action.params.event)),
    };
    const wanted = {
      state: step.state,
      isReady: step.isReady ?? false,
      effects: step.effects ?? [],
    };
    if (JSON.stringify(seen) !== JSON.stringify(wanted))
      return `step ${index} (${step.send?.type ?? 'start'}): wanted ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`;
  }
  return undefined;
}

function describeEffect({ type, ...fields }: { type: string }): string {
  return Object.keys(fields).length === 0 ? type : `${type} ${JSON.stringify(fields)}`;
}

function stateWord(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as object)
    .map(([key, inner]) => `${key}.${stateWord(inner)}`)
    .join('+');
}

export interface Mutant {
  what: string;
  machine: AnyStateMachine;
}

/** The machine with one thing missing, for every transition, guard, action, entry and tag it has. */
export function mutantsOf(machine: AnyStateMachine): Mutant[] {
  const config = machine.config as any;
  const mutants: Mutant[] = [];
  const without = (what: string, path: (string | number)[]) => {
    const copy = clone(config);
    let at = copy;
    for (const key of path.slice(0, -1)) at = at[key];
    const last = path.at(-1)!;
    if (Array.isArray(at)) at.splice(last as number, 1);
    else delete at[last];
    mutants.push({ what, machine: createMachine(copy, machine.implementations as never) });
  };
  const visit = (node: any, path: (string | number)[], name: string) => {
    for (const part of ['entry', 'tags']) {
      const value = node[part];
      if (value === undefined) continue;
      if (!Array.isArray(value)) without(`${name} without ${part}`, [...path, part]);
      else value.forEach((_, i) => without(`${name} without ${part} ${i}`, [...path, part, i]));
    }
    for (const [event, target] of Object.entries<any>(node.on ?? {})) {
      const at = [...path, 'on', event];
      const what = `${name} on ${event}`;
      without(`${what} removed`, at);
      const choices = Array.isArray(target) ? target : [target];
      choices.forEach((choice, i) => {
        const here = Array.isArray(target) ? [...at, i] : at;
        if (Array.isArray(target)) without(`${what} without choice ${i}`, here);
        if (typeof choice !== 'object') return;
        if (choice.guard) without(`${what} without guard`, [...here, 'guard']);
        if (choice.target && choice.actions) without(`${what} without target`, [...here, 'target']);
        const actions = Array.isArray(choice.actions) ? choice.actions : undefined;
        if (actions)
          actions.forEach((_: unknown, j: number) =>
            without(`${what} without action ${j}`, [...here, 'actions', j]),
          );
        else if (choice.actions) without(`${what} without action`, [...here, 'actions']);
      });
    }
    for (const [key, child] of Object.entries(node.states ?? {}))
      visit(child, [...path, 'states', key], name === '' ? key : `${name}.${key}`);
  };
  visit(config, [], '');
  return mutants;
}

function clone(value: any): any {
  if (Array.isArray(value)) return value.map(clone);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clone(inner)]));
}
