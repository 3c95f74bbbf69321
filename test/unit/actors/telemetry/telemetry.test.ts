import { telemetrySpec, type MeasureMessage } from '#codi/actors/telemetry/telemetry.actor.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';

let world: ActorWorld;
let log: TelemetryLog;
let maxMs: number;
let opened: { isClosed: boolean; collected(kind: 'minor', durationMs: number): void }[];
let failure: Error | undefined;

beforeEach(async () => {
  log = rememberTelemetry();
  maxMs = 3;
  opened = [];
  failure = undefined;
  world = await ActorWorld.start([
    telemetrySpec({
      telemetry: log.telemetry,
      measure: () => log.telemetry.emit('WalRestarted', { bytes: 1 }),
      openMeter: (collected) => {
        const meter = { isClosed: false, collected };
        opened.push(meter);
        return {
          takeLoopDelay: () => ({ meanMs: 1, p50Ms: 1, p99Ms: 2, maxMs }),
          readProcess: async () => {
            if (failure) throw failure;
            return { rssBytes: 5 } as never;
          },
          close: () => void (meter.isClosed = true),
        };
      },
    }),
  ]);
});

test('It looks at the event loop every five seconds and tells of a stall.', async () => {
  await world.advance(5_000);
  maxMs = 800.4;
  await world.advance(5_000);
  expect(log.events).toEqual([
    { name: 'EventLoopMeasured', meanMs: 1, p50Ms: 1, p99Ms: 2, maxMs: 3 },
    { name: 'EventLoopMeasured', meanMs: 1, p50Ms: 1, p99Ms: 2, maxMs: 800.4 },
    { name: 'EventLoopStalled', maxMs: 800 },
  ]);
});

test('Garbage collections are told as they happen, and no more after its end.', async () => {
  opened[0]!.collected('minor', 2);
  await world.kill('telemetry');
  opened[0]!.collected('minor', 3);
  expect(log.events).toEqual([{ name: 'GarbageCollected', kind: 'minor', durationMs: 2 }]);
  expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false]);
});

const measured = () =>
  world.system.ask<MeasureMessage, void>(
    'telemetry',
    (reply) => ({ type: 'measure', done: () => reply() }),
    1_000,
  );

test('Who asks for measurements is answered when they are in the metrics.', async () => {
  expect(await world.during(measured())).toEqual({ ok: true, value: undefined });
  expect(log.names()).toEqual(['WalRestarted', 'ProcessMeasured']);
});

test('A measurement that fails brings in a new meter, and who asked does not wait for it.', async () => {
  failure = new Error('no /proc');
  expect(await world.during(measured())).toMatchObject({ ok: false });
  failure = undefined;
  await world.advance(1_000);
  expect(await world.during(measured())).toMatchObject({ ok: true });
  expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false]);
});
