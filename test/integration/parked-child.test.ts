import { afterEach, beforeEach, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debugSpec } from '#codi/actors/debug/debug.actor.js';
import type { DebugPorts } from '#codi/actors/debug/ports.js';
import { behaviour, nodeEnvironment, startSystem } from '#codi/supervisor/index.js';
import type { ActorSpec, System } from '#codi/supervisor/index.js';
import { emit, setup } from '#codi/supervisor/statechart.js';
import type { DebugThreadData } from '#codi/workers/debug/debug.messages.js';
import { runInProcess } from '../support/cli-harness.ts';

const FRAGILE = 'fragile';

let dir: string;
let system: System;
let isBroken = true;

/** Does its work once it is started, which fails as long as `isBroken`. */
const machine = setup({
  types: {} as { events: { type: 'begin' } | { type: 'sys.shutdown' }; emitted: { type: 'work' } },
}).createMachine({
  id: 'fragile',
  initial: 'ready',
  states: {
    ready: { tags: ['ready'], on: { begin: 'working', 'sys.shutdown': 'over' } },
    working: { tags: ['ready'], entry: emit({ type: 'work' }), on: { 'sys.shutdown': 'over' } },
    over: { type: 'final' },
  },
});

const fragile: ActorSpec<never> = {
  type: 'worker',
  id: FRAGILE,
  backoff: { minMs: 1, maxMs: 1, factor: 1, jitter: 0, resetAfterMs: 30_000 },
  budget: { maxRestarts: 2, withinMs: 60_000, onExhausted: 'park' },
  start: (cell) => {
    cell.scope.after(5, () => cell.raise({ type: 'begin' }));
    return behaviour({
      machine,
      effects: {
        work: () => {
          if (isBroken) throw new Error('the printer is on fire');
        },
      },
    });
  },
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'codi-parked-'));
  isBroken = true;
  const listeners = new Set<(kind: string) => void>();
  let reports = 0;
  const entry = new URL('../../dist/workers/debug/debug.worker.js', import.meta.url);
  await startSystem(
    {
      type: 'supervisor',
      id: 'root',
      strategy: 'one_for_one',
      children: [
        debugSpec(
          entry,
          threadData(),
          portsOf(listeners, () => reports),
        ),
        fragile,
      ],
    },
    {
      environment: nodeEnvironment(),
      onCreated: (created) => (system = created),
      onReport: ({ kind }) => {
        reports += 1;
        for (const listener of listeners) listener(kind);
      },
    },
  );
});

afterEach(async () => {
  await system.stop();
  rmSync(dir, { recursive: true, force: true });
});

function threadData(): DebugThreadData {
  return {
    socketPath: join(dir, 'm.debug.sock'),
    server: 'test',
    pid: process.pid,
    canWrite: true,
    get inFlight() {
      return system.inFlightBuffer();
    },
    limits: {
      connections: 8,
      requestBytes: 65_536,
      requestsWaiting: 64,
      requestsPerSecond: 500,
      sendBytes: 1_048_576,
      subscriptions: 8,
      slowAfterMs: 10_000,
      traceEvents: 1_000,
      traceMs: 60_000,
      answerTimeoutMs: 5_000,
    },
  };
}

function portsOf(listeners: Set<(kind: string) => void>, reportCount: () => number): DebugPorts {
  return {
    system: () => system,
    reportCount,
    onReport: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    measure: () => ({
      rss_bytes: 1,
      heap_used_bytes: 1,
      heap_limit_bytes: 1,
      cpu_ms: 1,
      event_loop_p50_ms: 0,
      event_loop_p99_ms: 0,
      event_loop_utilization: 0,
    }),
    endMeasuring: () => undefined,
    service: () => ({ state: 'healthy', entries: 0, entries_per_second: 0, clients: 0, files: 0 }),
    handles: () => ({}),
    recordAct: () => undefined,
    startedAtMs: Date.now(),
    canWrite: true,
    traceEventsPerSecond: 100,
  };
}

const codi = (...line: string[]) => runInProcess(line, { socketPath: join(dir, 'm.sock') });

it('a parked child is visible, tells why, and is started again with codi restart', async () => {
  await expect
    .poll(async () => (await codi('tree')).out, { timeout: 20_000 })
    .toMatch(/fragile +parked/);
  const why = await codi('why', FRAGILE);
  expect(why.out).toContain('fragile does not run: parked\n');
  expect(why.out).toContain('the printer is on fire');
  expect(why.out).toMatch(/budget +3 of 2 restarts within 1 min; when it is spent: park\n/);
  expect(why.out).toMatch(/do +.*codi restart fragile/);
  const crashes = await codi('crashes', FRAGILE);
  expect(crashes.out).toMatch(/ 3 +fragile +Error: the printer is on fire\n$/);
  expect((await codi('recent', FRAGILE)).out).toMatch(/crashed +begin\n/);

  isBroken = false;
  const restarted = await codi('restart', FRAGILE, '--reason', 'the fire is out');
  expect(restarted.out).toMatch(/^restarted fragile: epoch 3, now 4, in /);
  expect((await codi('tree')).out).toMatch(/fragile +(running|ready|working)/);
  expect((await codi('why', FRAGILE)).out).toContain('fragile runs');
}, 60_000);
