import { expect, test } from 'vitest';
import type { Act } from '#codi/wiring/act-recorder.js';
import { AuditDesk } from '#codi/wiring/audit-desk.js';
import { rememberTelemetry } from '../../support/actor-world.ts';

const alarm = {
  about: 'ledger' as const,
  detectedAt: '2026-01-31T12:00:00.000Z',
  reason: 'it holds 6 blocks, 10 were signed',
  evidence: 'a note',
};

function newDesk() {
  const { telemetry, events } = rememberTelemetry();
  const acts: Act[] = [];
  return { desk: new AuditDesk(telemetry, (act) => void acts.push(act)), acts, events };
}

const texts = (desk: AuditDesk) => desk.reasons().map(({ text }) => text);

test('an alarm makes the daemon degraded, says what to do next, and is recorded in the ledger once', () => {
  const { desk, acts, events } = newDesk();
  desk.take({ type: 'alarm', alarm, isNew: true });
  desk.take({ type: 'alarm', alarm, isNew: false });
  expect(texts(desk)).toEqual([
    'ledger.db does not fit its signed checkpoints: it holds 6 blocks, 10 were signed ' +
      '(found 2026-01-31T12:00:00.000Z); see `codi audit verify`',
  ]);
  const { reason, detectedAt, evidence } = alarm;
  expect(acts).toEqual([
    {
      kind: 'audit.alarm',
      subject: 'ledger.db',
      data: { reason, detected_at: detectedAt, evidence },
    },
  ]);
  expect(events.filter(({ name }) => name === 'AuditAlarm')).toHaveLength(1);
});

test('an alarm of an earlier run is shown, and not recorded again', () => {
  const { desk, acts } = newDesk();
  desk.take({ type: 'alarm', alarm: { ...alarm, about: 'key' }, isNew: false });
  expect(desk.reasons()).toHaveLength(1);
  expect(texts(desk)[0]).toMatch(/^the audit key does not fit/);
  expect(acts).toEqual([]);
});

test('trouble is a reason as long as it lasts', () => {
  const { desk } = newDesk();
  desk.take({ type: 'trouble', reason: 'no space left on device' });
  expect(texts(desk)).toEqual(['checkpoints cannot be signed: no space left on device']);
  desk.take({ type: 'trouble', reason: null });
  expect(desk.reasons()).toEqual([]);
});

test('the summary says how many blocks are signed, and since when', () => {
  const { desk } = newDesk();
  desk.take({ type: 'signed', database: 'ledger', size: 3, atMs: 0 });
  desk.take({ type: 'signed', database: 'ledger', size: 7, atMs: 1_000 });
  expect(desk.summary()).toEqual([
    { database: 'ledger', blocks: 7, signed_at: '1970-01-01T00:00:01.000Z' },
  ]);
});
