import { HostTable } from '#codi/actors/watching/host-table.js';
import { expect, test } from 'vitest';
import { rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';

const VITALS = {
  instances: 1,
  blindDirectories: 0,
  leakedWatches: 0,
  polledDirectories: 0,
  repairedDirectories: 0,
  auditMs: 1,
  lookMs: 0,
  memoryBytes: 1,
  descriptors: 1,
};

const warnings = (log: TelemetryLog) =>
  log.names().filter((name) => name === 'WatchesScarce').length;

test('Watches are scarce once from 80 % of what may be taken on, and anew after they were not.', () => {
  const log = rememberTelemetry();
  const table = new HostTable(log.telemetry);
  for (const watches of [79, 80, 75, 69, 80])
    table.update('one', { ...VITALS, watches, watchesLimit: 100 });
  expect(warnings(log)).toBe(2);
});

test('How long looks take is said of the host where they take longest.', () => {
  const log = rememberTelemetry();
  const table = new HostTable(log.telemetry);
  for (const [host, lookMs] of [['one', 0.5] as const, ['two', 0.25] as const])
    table.update(host, { ...VITALS, watches: 1, watchesLimit: 100, lookMs });
  expect(log.events.at(-1)).toMatchObject({ name: 'HostsMeasured', lookMs: 0.5 });
});

test('No watches are scarce while there is no host, as after a crash.', () => {
  const log = rememberTelemetry();
  const table = new HostTable(log.telemetry);
  table.update('one', { ...VITALS, watches: 1, watchesLimit: 100 });
  table.remove('one');
  expect(warnings(log)).toBe(0);
});
