import { expect, it } from 'vitest';
import { ScrubDesk } from '#codi/actors/storage/scrub-desk.js';
import type { ScrubDamage } from '#codi/workers/storage/scrub.messages.js';

it('counts as degraded and hands on what is damaged in a database, but not in the archive', () => {
  const events: unknown[] = [];
  const handedOn: unknown[] = [];
  const telemetry = { emit: (name: string, fields: object) => events.push([name, fields]) };
  const desk = new ScrubDesk(telemetry as never, (damage) => handedOn.push(damage));
  const found: ScrubDamage[] = [
    { block: 3, reason: 'archive/x: it is missing', isArchived: true },
    { block: 9, reason: 'its entries do not match its leaf', isArchived: false },
  ];
  const state = { store: 'ledger', block: 12, passBlocks: 0, passEndedMs: null } as const;
  desk.take({ type: 'scrubStates', states: [{ ...state, damage: [] }] });
  expect(desk.reasons()).toEqual([]);
  const piece = { blocks: 12, entries: 40, found, isPassDone: false };
  desk.take({ type: 'scrubbed', store: 'ledger', piece, state: { ...state, damage: found } });
  expect(handedOn).toEqual([
    { store: 'ledger', block: 9, reason: 'its entries do not match its leaf' },
  ]);
  expect(events).toEqual([
    ['Scrubbed', { store: 'ledger', blocks: 12, entries: 40 }],
    ['ScrubFoundDamage', { store: 'ledger', reason: 'block 3: archive/x: it is missing' }],
    ['ScrubFoundDamage', { store: 'ledger', reason: 'block 9: its entries do not match its leaf' }],
  ]);
  expect(desk.reasons()).toEqual([
    {
      text: 'ledger.db, block 3: archive/x: it is missing (and 1 more); see `codi store verify`',
      publicText: 'ledger.db or its archive is damaged',
    },
  ]);
  expect(desk.summary()).toEqual([{ database: 'ledger', verified_blocks: 12, damaged: 2 }]);
});
