import type { StatelyMessage } from '../../protocol/debug/verbs.ts';
import {
  pathPattern,
  type MachineView,
  type System,
  type TraceEvent,
} from '../../supervisor/index.ts';

/** Version of the inspector protocol that is spoken: that of @statelyai/inspect. */
const VERSION = '0.7.2';
/** All actors of the daemon are shown as one system. */
const ROOT_ID = 'codi';
/** Actors that are introduced before anything happened. */
const ACTORS_MAX = 500;

/**
 * Tells what traced actors do in the three messages of the Stately inspector. Made from traces and views of machines:
 * XState's own inspector would run inside of every transition, where what it throws hits the actor.
 */
export class StatelyTeller {
  readonly #system: System;
  readonly #nowMs: () => number;
  readonly #introduced = new Set<string>();

  constructor(system: System, nowMs: () => number) {
    this.#system = system;
    this.#nowMs = nowMs;
  }

  /** The actors that match now. */
  introduce(pattern: string): StatelyMessage[] {
    const matching = pathPattern(pattern);
    const paths = this.#system.allStats().map(({ path }) => path);
    const wanted = paths.filter((path) => matching.test(path)).slice(0, ACTORS_MAX);
    return wanted.flatMap((path) => this.#introduction(path));
  }

  /** A handled message: the event, and where the machine stands after it. */
  tell({ path, epoch, type, at }: TraceEvent): StatelyMessage[] {
    const sessionId = `${path}#${epoch}`;
    const introduction = this.#introduced.has(sessionId) ? [] : this.#introduction(path);
    const common = { _version: VERSION, createdAt: String(Math.round(at)), sessionId };
    const event = { type };
    const view = this.#view(path, false);
    const told: StatelyMessage[] = [
      ...introduction,
      { ...common, type: '@xstate.event', rootId: ROOT_ID, event },
    ];
    if (view?.epoch !== epoch) return told;
    const snapshot = snapshotOf(view);
    return [...told, { ...common, type: '@xstate.snapshot', rootId: ROOT_ID, event, snapshot }];
  }

  #introduction(path: string): StatelyMessage[] {
    const view = this.#view(path, true);
    if (!view) return [];
    const sessionId = `${path}#${view.epoch}`;
    this.#introduced.add(sessionId);
    return [
      {
        _version: VERSION,
        createdAt: String(Math.round(this.#nowMs())),
        sessionId,
        type: '@xstate.actor',
        name: path,
        rootId: ROOT_ID,
        definition: JSON.stringify(view.definition),
        snapshot: snapshotOf(view),
      },
    ];
  }

  #view(path: string, withDefinition: boolean): MachineView | undefined {
    const found = this.#system.inspectMachine(path, withDefinition);
    return found.ok ? found.view : undefined;
  }
}

function snapshotOf({ snapshot }: MachineView) {
  const { status, value, context, tags } = snapshot;
  return { status, value, context, tags };
}
