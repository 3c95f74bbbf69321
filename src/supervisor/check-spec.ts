import type { ActorSpec, ChildSpec, SupervisorSpec } from './child-spec.ts';

/** Checks a spec and all below it. Throws an Error that names the child and the rule. */
export function checkSpec(spec: ChildSpec, parent?: SupervisorSpec): void {
  const problem =
    problemOfChild(spec, parent) ??
    (spec.type === 'supervisor' ? problemOfSupervisor(spec) : problemOfActor(spec));
  if (problem !== undefined) throw new Error(`'${spec.id}': ${problem}`);
  if (spec.type === 'supervisor') for (const child of spec.children ?? []) checkSpec(child, spec);
}

function problemOfChild(spec: ChildSpec, parent: SupervisorSpec | undefined): string | undefined {
  if (spec.id === '') return 'an id must not be empty';
  const { shutdown, backoff, budget } = spec;
  if (typeof shutdown === 'number' && !(shutdown >= 0 && Number.isFinite(shutdown))) {
    return 'shutdown must be milliseconds, kill or infinity';
  }
  if (spec.significant && (spec.restart ?? 'permanent') === 'permanent') {
    return 'a permanent child cannot be significant';
  }
  if (spec.significant && (parent?.autoShutdown ?? 'never') === 'never') {
    return 'a significant child needs a supervisor with autoShutdown';
  }
  if (backoff && !(backoff.minMs >= 0 && backoff.maxMs >= backoff.minMs && backoff.factor >= 1)) {
    return 'backoff needs 0 <= minMs <= maxMs and factor >= 1';
  }
  if (backoff && !(backoff.jitter >= 0 && backoff.jitter <= 1)) return 'jitter must be 0..1';
  if (budget && !(isCount(budget.maxRestarts) && budget.withinMs > 0)) {
    return 'budget needs maxRestarts >= 0 and withinMs > 0';
  }
  return undefined;
}

function problemOfActor(spec: ActorSpec): string | undefined {
  const { mailbox } = spec;
  if (mailbox && !(mailbox.limitCount >= 1 && mailbox.limitBytes >= 1)) {
    return 'a mailbox needs room for one message';
  }
  return undefined;
}

function problemOfSupervisor(spec: SupervisorSpec): string | undefined {
  const { intensity = 1, periodMs = 1, strategy, children = [] } = spec;
  if (!isCount(intensity)) return 'intensity must be an integer of 0 or more';
  if (!(periodMs > 0 && Number.isFinite(periodMs))) return 'periodMs must be positive';
  if (strategy === 'dynamic' && children.length > 0) return 'a dynamic supervisor starts empty';
  if (strategy === 'dynamic' && (spec.autoShutdown ?? 'never') !== 'never') {
    return 'a dynamic supervisor has no autoShutdown';
  }
  const ids = new Set<string>();
  for (const { id } of children) {
    if (ids.has(id)) return `two children have the id '${id}'`;
    ids.add(id);
  }
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
