import {
  startSystem,
  type ChildSpec,
  type Report,
  type SupervisorSpec,
  type System,
  type TreeNode,
} from '#codi/supervisor/index.js';
import type { Telemetry } from '#codi/telemetry/telemetry.js';
import { virtualEnvironment, type VirtualEnvironment } from './virtual-environment.ts';

export interface TelemetryLog {
  telemetry: Telemetry;
  events: { name: string; [field: string]: unknown }[];
  names(): string[];
}

/** Telemetry that only remembers. */
export function rememberTelemetry(): TelemetryLog {
  const events: TelemetryLog['events'] = [];
  return {
    events,
    telemetry: { emit: (name, fields) => void events.push({ ...fields, name }) },
    names: () => events.map(({ name }) => name),
  };
}

/** Real supervisors around the actors under test, in virtual time. */
export class ActorWorld {
  readonly environment: VirtualEnvironment;
  readonly reports: Report[] = [];
  system!: System;

  constructor(environment: VirtualEnvironment = virtualEnvironment()) {
    this.environment = environment;
  }

  static async start(
    children: readonly ChildSpec[],
    environment?: VirtualEnvironment,
  ): Promise<ActorWorld> {
    const world = new ActorWorld(environment);
    await world.start({ children });
    return world;
  }

  async start(spec: Partial<SupervisorSpec>): Promise<void> {
    const root: SupervisorSpec = {
      type: 'supervisor',
      id: 'root',
      strategy: 'one_for_one',
      intensity: 1_000,
      ...spec,
    };
    let failure: Error | undefined;
    startSystem(root, {
      environment: this.environment,
      onCreated: (system) => (this.system = system),
      onReport: (report) => void this.reports.push(report),
    }).catch((error: Error) => (failure = error));
    await this.settle();
    if (failure) throw failure as Error;
  }

  settle(): Promise<void> {
    return this.environment.clock.settle();
  }

  advance(byMs: number): Promise<void> {
    return this.environment.clock.advance(byMs);
  }

  /** Kills as an operator does and lets the next incarnation start. */
  async kill(path: string): Promise<void> {
    const killed = this.system.kill(path);
    if (!killed.ok) throw new Error(`nothing to kill at ${path}`);
    await this.settle();
  }

  /** Waits in virtual time; gives what the promise gave. */
  async during<T>(work: Promise<T>, atMostMs = 60_000): Promise<T> {
    let isDone = false;
    const done = () => (isDone = true);
    work.then(done, done);
    await this.settle();
    for (let waitedMs = 0; !isDone && waitedMs < atMostMs; waitedMs += 100) await this.advance(100);
    if (!isDone) throw new Error(`not done within ${atMostMs} virtual ms`);
    return work;
  }

  node(path: string): TreeNode | undefined {
    const find = (node: TreeNode): TreeNode | undefined =>
      node.path === path ? node : node.children.map(find).find((found) => found !== undefined);
    return find(this.system.tree());
  }

  exits(path: string): string[] {
    return this.reports
      .filter((report) => report.kind === 'childExited' && report.path === path)
      .map((report) =>
        'reason' in report && typeof report.reason === 'object' ? report.reason.kind : '',
      );
  }
}
