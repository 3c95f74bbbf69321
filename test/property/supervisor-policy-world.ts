import type { decide } from '#codi/supervisor/policy.js';
import type { NaiveChild } from '../support/naive-supervisor.ts';

export type Decide = typeof decide;
type State = Parameters<Decide>[0];
type ChildRecord = State['children'][number];

/** The least that can carry out what the policy decides: a list, and starts that may fail. */
export class PolicyWorld {
  isAlive = true;
  nowMs = 0;
  readonly log: string[] = [];
  readonly failures = new Map<string, number>();
  readonly #decide: Decide;
  #state: State;
  readonly #up = new Set<string>();

  constructor(setup: State['flags'] & { children: readonly NaiveChild[] }, decider: Decide) {
    this.#decide = decider;
    const { children, ...flags } = setup;
    const history = { attempt: 0, recent: [], isSlow: false, readyAtMs: 0 };
    this.#state = {
      flags,
      restarts: [],
      children: children.map((rules) => ({ rules, history, isAlive: true })),
    };
    for (const { id } of children) this.#start(id);
  }

  exit(id: string, isClean: boolean): void {
    this.#end(id);
    this.#follow('exited', id, isClean ? { kind: 'normal' } : { kind: 'crash', error: id });
  }

  stop(id: string): void {
    this.#end(id);
    if (this.#record(id)?.rules.restart === 'temporary') this.#remove(id);
  }

  list(): [string, 'up' | 'down'][] {
    return this.#state.children.map(({ rules }) => [
      rules.id,
      this.#up.has(rules.id) ? 'up' : 'down',
    ]);
  }

  #follow(
    kind: 'exited' | 'startFailed',
    id: string,
    reason: { kind: 'normal' } | { kind: 'crash'; error: string },
  ): void {
    const isAlive = ({ rules }: ChildRecord) => this.#up.has(rules.id) || rules.id === id;
    const children = this.#state.children.map((one) => ({ ...one, isAlive: isAlive(one) }));
    const event = { kind, id, reason, draw: 0 };
    const { state, plan } = this.#decide({ ...this.#state, children }, event, this.nowMs);
    this.#state = state;
    if (plan.kind === 'remove') this.#remove(id);
    if (plan.kind === 'shutdown') {
      for (const { rules } of state.children.toReversed()) this.#end(rules.id);
      this.isAlive = false;
    }
    if (plan.kind !== 'restart') return;
    for (const sibling of plan.group.stop) this.#end(sibling);
    for (const sibling of plan.group.remove) this.#remove(sibling);
    for (const one of plan.group.start) {
      if (this.#start(one)) continue;
      this.#follow('startFailed', one, { kind: 'crash', error: one });
      return;
    }
  }

  #start(id: string): boolean {
    this.log.push(`start ${id}`);
    const left = this.failures.get(id) ?? 0;
    this.#up.add(id);
    if (left === 0) return true;
    this.failures.set(id, left - 1);
    this.#end(id);
    return false;
  }

  #end(id: string): void {
    if (this.#up.delete(id)) this.log.push(`end ${id}`);
  }

  #record(id: string): ChildRecord | undefined {
    return this.#state.children.find(({ rules }) => rules.id === id);
  }

  #remove(id: string): void {
    const children = this.#state.children.filter(({ rules }) => rules.id !== id);
    this.#state = { ...this.#state, children };
  }
}
