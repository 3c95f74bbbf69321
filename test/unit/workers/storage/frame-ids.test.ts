import { afterEach, expect, test } from 'vitest';
import { timestampFromMs } from '#codi/protocol/timestamp.js';
import { contextText } from '#codi/workers/storage/contexts.messages.js';
import { FrameIds } from '#codi/workers/storage/frame-ids.js';
import { LedgerStore } from '#codi/workers/storage/ledger-store.js';
import type { EntriesMessage } from '#codi/workers/storage/ledger.messages.js';
import { openLedger } from '../../../support/ledger-store.ts';
import { context } from '../../../support/ledger-thread.ts';

let ledger: ReturnType<typeof openLedger> | undefined;
afterEach(() => ledger?.close());

/** A batch of two short-form lines, which bring no id. */
function withoutIds(): EntriesMessage {
  const line = Buffer.from('{"LogEntry":{"level":"Info","component":"sh","message":"hi"}}');
  return {
    type: 'entries',
    batch: 7,
    bytes: Buffer.concat([line, line]),
    frames: Int32Array.from([0, 0, line.length, 0, line.length, line.length]),
    contexts: [contextText(context({ format: 'json', hasHello: false }))],
  };
}

function nextThread(runId: string): LedgerStore {
  const ports = { frameIds: new FrameIds(runId), now: () => timestampFromMs(0) };
  return new LedgerStore(ledger!.database, { dataDir: ledger!.dataDir }, ports);
}

const stored = () =>
  (ledger!.database.prepare('SELECT count(*) AS count FROM logs').get() as { count: number }).count;

test('messages without an id are told apart within a batch and recognised when it is replayed', () => {
  ledger = openLedger();
  nextThread('run').commit([withoutIds()], 1);
  expect(stored()).toBe(2);
  nextThread('run').commit([withoutIds()], 2);
  expect(stored()).toBe(2);
});

test('the same batch of another run of the daemon is something else', () => {
  ledger = openLedger();
  nextThread('one').commit([withoutIds()], 1);
  nextThread('two').commit([withoutIds()], 2);
  expect(stored()).toBe(4);
});
