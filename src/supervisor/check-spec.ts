import type { ActorSpec, AutoShutdown, ChildSpec, Strategy, SupervisorSpec } from './child-spec.ts';
import { describeError } from './describe-error.ts';

/** Checks a spec and all below it. Throws an Error that names the child and the rule. */
export function checkSpec(spec: ChildSpec, parent?: SupervisorSpec): void {
  const problem =
    problemOfChild(spec, parent) ??
    (spec.type === 'supervisor' ? problemOfSupervisor(spec) : problemOfActor(spec));
  if (problem !== undefined) throw new Error(`'${spec.id}': ${problem}`);
  if (spec.type === 'supervisor') for (const child of spec.children ?? []) checkSpec(child, spec);
}

/**
 * OTP's check_childspecs/1 and /2: with `autoShutdown` it also checks what significant children need of their
 * supervisor. The first problem, as a sentence.
 */
export function checkChildSpecs(
  specs: readonly ChildSpec[],
  options: { autoShutdown?: AutoShutdown; strategy?: Strategy } = {},
): { ok: true } | { ok: false; error: string } {
  const { autoShutdown, strategy = 'one_for_one' } = options;
  const parent = { type: 'supervisor', id: 'checked', strategy } as const;
  try {
    const twice = specs.find(({ id }, index) => specs.findIndex((one) => one.id === id) !== index);
    if (twice) throw new Error(`two children have the id '${twice.id}'`);
    for (const spec of specs) {
      checkSpec(spec, { ...parent, autoShutdown: autoShutdown ?? 'any_significant' });
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, error: describeError(error) };
  }
}

const RESTARTS = ['permanent', 'transient', 'temporary'];
const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'];
const AUTO_SHUTDOWNS = ['never', 'any_significant', 'all_significant'];
const OVERFLOWS = ['dropNew', 'dropOld', 'crash', 'block'];
const EXHAUSTIONS = ['escalate', 'park', 'retrySlow'];

function problemOfChild(spec: ChildSpec, parent: SupervisorSpec | undefined): string | undefined {
  if (spec.id === '') return 'an id must not be empty';
  const { shutdown, backoff, budget } = spec;
  if (!RESTARTS.includes(spec.restart ?? 'permanent')) {
    return 'restart must be permanent, transient or temporary';
  }
  if (typeof shutdown === 'string' && shutdown !== 'kill' && shutdown !== 'infinity') {
    return 'shutdown must be milliseconds, kill or infinity';
  }
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
  if (budget && !EXHAUSTIONS.includes(budget.onExhausted)) {
    return 'a spent budget must escalate, park or retrySlow';
  }
  return undefined;
}

function problemOfActor(spec: ActorSpec): string | undefined {
  const { mailbox, poison, startTimeoutMs, heartbeat, isolation } = spec;
  if (typeof spec.start !== 'function') return 'an actor needs start()';
  if (startTimeoutMs !== undefined && !(startTimeoutMs > 0))
    return 'startTimeoutMs must be positive';
  if (heartbeat && !(heartbeat.timeoutMs > 0 && Number.isFinite(heartbeat.timeoutMs))) {
    return 'heartbeat needs timeoutMs > 0';
  }
  if (heartbeat && (isolation ?? { kind: 'inline' }).kind === 'inline') {
    return 'only a thread or process has a heartbeat';
  }
  if (poison && !(Number.isInteger(poison.maxCrashes) && poison.maxCrashes >= 1)) {
    return 'poison needs maxCrashes >= 1';
  }
  if (mailbox && !OVERFLOWS.includes(mailbox.overflow)) {
    return 'overflow must be dropNew, dropOld, crash or block';
  }
  if (mailbox && !(mailbox.limitCount >= 1 && mailbox.limitBytes >= 1)) {
    return 'a mailbox needs room for one message';
  }
  return undefined;
}

function problemOfSupervisor(spec: SupervisorSpec): string | undefined {
  const { intensity = 1, periodMs = 1, strategy, children = [] } = spec;
  const { maxChildren = 0, autoShutdown = 'never' } = spec;
  if (!STRATEGIES.includes(strategy)) return `the strategy '${String(strategy)}' is unknown`;
  if (!AUTO_SHUTDOWNS.includes(autoShutdown)) return 'autoShutdown is unknown';
  if (!(maxChildren >= 0)) return 'maxChildren must be 0 or more';
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
