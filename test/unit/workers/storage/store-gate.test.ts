import { beforeEach, expect, test } from 'vitest';
import { GATE_WORDS } from '#codi/workers/storage/healing.messages.js';
import { StoreGate } from '#codi/workers/storage/store-gate.js';

let words: Int32Array;
const FILE = { dev: 7n, ino: 1_234n };
/** Each thread has one of its own around the same words. */
const gate = () => new StoreGate(words);
const opens = (holder: 'notary' | 'maintenance' = 'notary') =>
  gate().enter('ledger', holder, FILE) !== undefined;

function begin(): StoreGate {
  const writer = gate();
  writer.change('ledger');
  return writer;
}

beforeEach(() => {
  words = new Int32Array(new SharedArrayBuffer(GATE_WORDS * Int32Array.BYTES_PER_ELEMENT));
});

test('Nobody opens a store that its writer has not looked at, and each store has its own writer.', () => {
  expect(opens()).toBe(false);
  const writer = begin();
  expect(opens()).toBe(false);
  writer.open('ledger', FILE);
  expect(opens()).toBe(true);
  expect(gate().enter('state', 'notary', FILE)).toBeUndefined();
});

test('Once a writer has ended or another begins, who has the store open keeps it and nobody else opens it.', () => {
  begin().open('ledger', FILE);
  const turn = gate().enter('ledger', 'maintenance', FILE);
  gate().change('ledger');
  expect(opens()).toBe(false);
  const next = begin();
  expect(opens()).toBe(false);
  expect(gate().turnOf('ledger')).toBe(turn);
  next.open('ledger', FILE);
  expect(opens()).toBe(true);
  expect(gate().turnOf('ledger')).toBe(turn);
});

test('A writer that was given up while it looked opens nothing.', () => {
  const late = begin();
  gate().change('ledger');
  late.open('ledger', FILE);
  expect(opens()).toBe(false);
  const next = begin();
  late.open('ledger', FILE);
  expect(opens()).toBe(false);
  next.open('ledger', FILE);
  late.open('ledger', FILE);
  expect(opens()).toBe(true);
});

test('Who wants to replace the file waits until nobody has it open.', async () => {
  const writer = begin();
  writer.open('ledger', FILE);
  const turn = gate().enter('ledger', 'notary', FILE);
  writer.close('ledger');
  expect(gate().turnOf('ledger')).toBeUndefined();
  let isEmpty = false;
  const emptied = writer.empty('ledger', 60_000).then(() => (isEmpty = true));
  expect(opens('maintenance')).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isEmpty).toBe(false);
  gate().leave('ledger', 'notary');
  await emptied;
  writer.open('ledger', FILE);
  expect(gate().turnOf('ledger')).not.toBe(turn);
});

test('Nobody opens another file than the writer has open; who has the former one open lets go once the writer has another.', () => {
  begin().open('ledger', FILE);
  const turn = gate().enter('ledger', 'maintenance', FILE);
  const other = { ...FILE, ino: 1_235n };
  expect(gate().isOpened('ledger', other)).toBe(false);
  expect(gate().enter('ledger', 'notary', other)).toBeUndefined();
  const next = begin();
  expect(gate().turnOf('ledger')).toBe(turn);
  next.open('ledger', other);
  expect(gate().turnOf('ledger')).toBe(turn! + 2);
  expect(gate().enter('ledger', 'notary', other)).toBe(turn! + 2);
  expect(opens()).toBe(false);
});
