import { debugSpec } from '#codi/actors/debug/debug.actor.js';
import type { DebugAct, DebugPorts } from '#codi/actors/debug/ports.js';
import type { ChildSpec } from '#codi/supervisor/index.js';
import type { Asks, Push, ToDebug } from '#codi/workers/debug/debug.messages.js';
import { ActorWorld } from './actor-world.ts';
import { virtualEnvironment } from './virtual-environment.ts';

/** The debug actor beside others in virtual time; the test is its thread. */
export class DebugWorld {
  readonly world: ActorWorld;
  readonly acts: DebugAct[] = [];
  readonly listeners = new Set<(kind: string) => void>();
  measured = 0;
  measuringEnded = 0;
  /** The thread hangs: it takes nothing. */
  isStuck = false;
  #lastAsk = 0;

  private constructor(world: ActorWorld) {
    this.world = world;
  }

  static async start(
    children: ChildSpec[] = [],
    overrides: Partial<DebugPorts> = {},
  ): Promise<DebugWorld> {
    const environment = virtualEnvironment({
      onSpawn: (host) => {
        environment.clock.setImmediate(() => host.emit({ type: 'sys.ready' }));
        const beat = () => {
          if (host.hasExited) return;
          host.emit({ type: 'sys.alive', heapUsedBytes: 1, elu: 0 });
          environment.clock.setTimeout(beat, 1_000);
        };
        environment.clock.setTimeout(beat, 1_000);
        host.onPost = (message) => {
          const told = message as ToDebug;
          if (made.isStuck) return;
          if (told.type === 'push')
            environment.clock.setImmediate(() => host.emit({ type: 'pushed' }));
          if (told.type !== 'answer' || !told.isFollowed) return;
          environment.clock.setImmediate(() => host.emit({ type: 'passedOn', askId: told.askId }));
        };
      },
    });
    const made = new DebugWorld(new ActorWorld(environment));
    const spec = debugSpec(new URL('file:///debug.js'), {}, { ...made.#ports(), ...overrides });
    await made.world.start({ children: [spec, ...children] });
    return made;
  }

  get host() {
    return this.world.environment.hosts.findLast(({ name }) => name.includes('debug'))!;
  }

  posted<Type extends ToDebug['type']>(type: Type): Extract<ToDebug, { type: Type }>[] {
    return (this.host.posted as ToDebug[]).filter(
      (message): message is Extract<ToDebug, { type: Type }> => message.type === type,
    );
  }

  get pushes(): Push[] {
    return this.posted('push').map(({ push }) => push);
  }

  /** What the actor answers to the thread at once. */
  ask<Verb extends keyof Asks>(verb: Verb, params: Asks[Verb]['params'], expiresInMs = 150): any {
    this.#lastAsk += 1;
    const expiresAtMs = this.world.environment.clock.nowMs() + expiresInMs;
    this.host.emit({ type: 'ask', askId: this.#lastAsk, ask: { verb, params }, expiresAtMs });
    const reply = (this.host.posted as any[]).findLast(({ askId }) => askId === this.#lastAsk);
    if (reply.type === 'answer') return reply.result;
    return reply.type === 'refusal' ? { refused: reply.error.code } : reply.type;
  }

  #ports(): DebugPorts {
    const { world } = this;
    return {
      system: () => world.system,
      reportCount: () => world.reports.length,
      onReport: (listener) => {
        const tell = (kind: string) => listener(kind);
        this.listeners.add(tell);
        const { push } = world.reports;
        world.reports.push = (...reports) => {
          const length = push.apply(world.reports, reports);
          for (const report of reports) for (const each of this.listeners) each(report.kind);
          return length;
        };
        return () => void this.listeners.delete(tell);
      },
      measure: () => {
        this.measured += 1;
        return {
          rss_bytes: 1,
          heap_used_bytes: 1,
          heap_limit_bytes: 1,
          cpu_ms: 1,
          event_loop_p50_ms: 0,
          event_loop_p99_ms: 0,
          event_loop_utilization: 0,
        };
      },
      endMeasuring: () => void (this.measuringEnded += 1),
      service: () => ({
        state: 'healthy',
        entries: 0,
        entries_per_second: 0,
        clients: 0,
        files: 0,
      }),
      handles: () => ({ Timeout: 1 }),
      recordAct: (act) => void this.acts.push(act),
      startedAtMs: 0,
      canWrite: true,
      traceEventsPerSecond: 100,
    };
  }
}
