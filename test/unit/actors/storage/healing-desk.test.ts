import type { HealReport } from '#codi/workers/storage/healing.messages.js';
import { beforeEach, expect, test } from 'vitest';
import type { HealingDesk } from '#codi/actors/storage/healing-desk.js';
import { rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';
import { newHealingDesk } from '../../../support/healing.ts';

const DAMAGE = { store: 'ledger', block: 3, reason: 'its entries do not match its leaf' } as const;
const REPORT: HealReport = {
  store: 'ledger',
  blocks: 10,
  whole: 8,
  entries: 80,
  losses: [],
  lostBlocks: 2,
  flaws: [],
  signed: 10,
  isSignedChain: true,
  hasSkippedNumbers: false,
  dedupe: {
    producers: 1,
    recentIds: 2,
    recentIdsMissing: 0,
    rootSequences: 0,
    recentRequests: 0,
  },
  unproved: 0,
  durationMs: 5,
  healedAt: '2026-01-31T12:00:00.000Z',
  reason: 'SQLITE_CORRUPT: database disk image is malformed',
  quarantine: 'ledger.db.corrupt.2026-01-31T120000.000Z',
  unprovedFile: null,
};

let log: TelemetryLog;
let nowMs: number;
let isKept: boolean;
let healed: HealReport[];
let desk: HealingDesk;

beforeEach(() => {
  log = rememberTelemetry();
  [nowMs, isKept, healed] = [0, true, []];
  desk = newHealingDesk({
    telemetry: log.telemetry,
    monotonicMs: () => nowMs,
    isKept: () => isKept,
    onHealed: (report) => void healed.push(report),
  });
});

test('Damage is told with its store, and with its block where that is known.', () => {
  desk.report(DAMAGE);
  desk.report({ store: 'state', reason: 'database disk image is malformed' });
  expect(log.events).toEqual([
    {
      name: 'StoreDamageFound',
      store: 'ledger',
      reason: 'block 3: its entries do not match its leaf',
    },
    { name: 'StoreDamageFound', store: 'state', reason: 'database disk image is malformed' },
  ]);
});

test('A writer is asked once for the damage that many meet, and again when it is met later.', () => {
  const asked: object[] = [];
  desk.attach('ledger', (damage) => void asked.push(damage));
  desk.report(DAMAGE);
  desk.report(DAMAGE);
  expect(asked).toEqual([DAMAGE]);
  nowMs = 5_000;
  desk.report(DAMAGE);
  expect(asked).toEqual([DAMAGE, DAMAGE]);
});

test('Damage that is met while a writer restarts is told to the next one.', () => {
  const asked: object[] = [];
  desk.attach('ledger', () => undefined)();
  desk.report(DAMAGE);
  desk.attach('ledger', (damage) => void asked.push(damage));
  expect(asked).toEqual([DAMAGE]);
});

test('While a store is healed it is said how far that is, and nobody is asked again.', () => {
  const asked: object[] = [];
  desk.attach('ledger', (damage) => void asked.push(damage));
  desk.take({ type: 'healing', store: 'ledger', reason: 'a page', share: 0.428 });
  desk.report(DAMAGE);
  expect(asked).toEqual([]);
  expect([desk.percent('ledger'), desk.percent('state')]).toEqual([42, undefined]);
  expect(desk.reasons().map(({ text }) => text)).toEqual([
    'ledger.db is damaged (a page) and is being healed: 42 %',
  ]);
});

test('Damage that may not be healed now is shown until it is healed.', () => {
  desk.take({ type: 'unhealed', store: 'ledger', reason: 'ledger.db is damaged again' });
  expect(desk.reasons()).toEqual([
    { text: 'ledger.db is damaged again', publicText: 'ledger.db is damaged' },
  ]);
  isKept = false;
  desk.take({ type: 'healing', store: 'ledger', reason: 'a page', share: 0 });
  desk.take({ type: 'healed', report: REPORT });
  expect(desk.reasons()).toEqual([]);
});

test('What was healed is told once, and shown until its files were moved away.', () => {
  desk.take({ type: 'healed', report: REPORT });
  desk.remember(REPORT);
  expect(healed).toEqual([REPORT]);
  expect(log.names()).toEqual(['StoreHealed']);
  const [reason] = desk.reasons();
  expect(reason!.text).toContain('2 blocks are lost');
  expect(reason!.text).toContain(REPORT.quarantine);
  expect(reason!.publicText).not.toContain(REPORT.quarantine);
  isKept = false;
  expect(desk.reasons()).toEqual([]);
});
