import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexStat } from '#codi/protocol/file-event.js';
import type { LedgerWork } from '#codi/workers/storage/ledger.messages.js';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import { openLedger } from '../support/ledger-store.ts';
import { bodyOf, context, entriesMessage } from '../support/ledger-thread.ts';

const ROOT = '/root' as BytePath;
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '\0', 'a\0b', '\ufeff', '\u2028', '💥'),
);
const metadata = fc.option(
  fc.dictionary(
    text,
    fc.oneof(text, fc.double({ noNaN: true }), fc.boolean(), fc.maxSafeInteger()),
  ),
);
const entry = fc.record({
  level: fc.constantFrom('Trace', 'Debug', 'Info', 'Warn', 'Error'),
  component: text,
  message: text,
  metadata,
  session_id: fc.option(text),
});
const nanoseconds = fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n });
const stat: fc.Arbitrary<IndexStat> = fc.record({
  dev: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  size: fc.maxSafeInteger().map(Math.abs),
  mtimeNs: nanoseconds,
  ctimeNs: nanoseconds,
  mode: fc.nat(0o177777),
  nlink: fc.nat(),
});
const anyPath = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)).toString('latin1') as BytePath);
// A few come again, so that there are updates of what has a checksum.
const path = fc.oneof(anyPath, fc.constantFrom('a' as BytePath, 'b' as BytePath));
const fileEvent: fc.Arbitrary<FileEventRecord> = fc.record(
  {
    seconds: fc.integer(),
    nanos: fc.nat(999_999_999),
    event: fc.constantFrom('create', 'update', 'delete', 'move', 'attrib'),
    path,
    from: path,
    kind: fc.constantFrom('file', 'dir', 'symlink', 'other'),
    size: fc.option(fc.nat()),
    oldSize: fc.nat(),
    seen: fc.constantFrom('native', 'poll', 'reconcile', 'hint'),
    stat: fc.option(stat),
    session: fc.record({
      id: text,
      by: fc.constantFrom('given', 'connection', 'path', 'config'),
      tenantId: fc.option(text),
      userId: fc.option(text),
    }),
    checksum: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  },
  { requiredKeys: ['seconds', 'nanos', 'event', 'path', 'kind', 'size', 'seen', 'stat'] },
);
const group = fc.record({
  entries: fc.array(entry, { maxLength: 40 }),
  events: fc.array(fileEvent, { maxLength: 40 }),
});

describe('blocks', () => {
  it('recomputed from the rows alone equal what was hashed at commit', () => {
    const ledger = openLedger();
    ledger.store.commit([{ type: 'openRoot', batch: 0, rootPath: ROOT }], 1_000);
    const root = { rootId: 1, rootPath: ROOT };
    const owner = context({
      format: 'json',
      tenantId: 't',
      sessionId: 's',
      sessionBy: 'connection',
    });
    let batch = 0;
    let sequence = 0;
    fc.assert(
      fc.property(group, ({ entries, events }) => {
        const frames = entries.map((body) => {
          const payload = { kind: 'LogEntry', body } as never;
          return [owner, bodyOf(payload, randomUUID(), 'json')] as const;
        });
        const work: LedgerWork[] = [entriesMessage(++batch, frames)];
        work.push({ type: 'fileEvents', batch: ++batch, ...root, sequence: ++sequence, events });
        const result = ledger.store.commit(work, 1_000 + batch);
        expect(result.logs?.count ?? 0).toBe(entries.length);
        expect(result.files?.count ?? 0).toBe(events.length);
        expect(verifyLastBlocks(ledger.database, 'ledger', 2)).toMatchObject({ ok: true });
      }),
      { numRuns: 150 },
    );
    expect(verifyLastBlocks(ledger.database, 'ledger', 1_000)).toMatchObject({ ok: true });
    const sql = 'SELECT count(*) FROM file_events WHERE old_checksum IS NOT NULL';
    expect(ledger.database.prepare(sql).pluck().get()).toBeGreaterThan(0);
    for (const change of [
      'file_events SET old_checksum = NULL',
      'file_events SET session_by = 1 - session_by',
      'logs SET session_by = NULL',
    ]) {
      ledger.database.exec(`SAVEPOINT tamper; UPDATE ${change}`);
      expect(verifyLastBlocks(ledger.database, 'ledger', 1_000), change).toMatchObject({
        ok: false,
      });
      ledger.database.exec('ROLLBACK TO tamper; RELEASE tamper');
    }
    ledger.close();
  });

  it('do not verify any more after any byte of a stored value has changed', () => {
    const ledger = openLedger();
    const owner = context();
    const frames = [1, 2, 3].map(
      (n) =>
        [
          owner,
          bodyOf({
            kind: 'LogEntry',
            body: { level: 'Info', component: 'c', message: `m${n}`, session_id: 's' },
          }),
        ] as const,
    );
    ledger.store.commit([entriesMessage(1, frames)], 1_000);
    const changes = [
      "message = 'm4'",
      'seconds = seconds + 1',
      'nanos = nanos + 1',
      'level = 0',
      "component = 'd'",
      'session_id = NULL',
      "metadata = '{}'",
      "tenant_id = ''",
      "user_id = 'x'",
      'created_ms = 0',
    ];
    for (const change of changes) {
      ledger.database.exec(`SAVEPOINT tamper; UPDATE logs SET ${change} WHERE id = 2`);
      expect(verifyLastBlocks(ledger.database, 'ledger', 16), change).toMatchObject({ ok: false });
      ledger.database.exec('ROLLBACK TO tamper; RELEASE tamper');
    }
    const additions = [
      'DELETE FROM logs WHERE id = 3',
      "INSERT INTO logs VALUES (4, 0, 0, 0, '', NULL, '', NULL, NULL, NULL, 0, NULL)",
    ];
    for (const change of additions) {
      ledger.database.exec(`SAVEPOINT tamper; ${change}`);
      expect(verifyLastBlocks(ledger.database, 'ledger', 16), change).toMatchObject({ ok: false });
      ledger.database.exec('ROLLBACK TO tamper; RELEASE tamper');
    }
    expect(verifyLastBlocks(ledger.database, 'ledger', 16)).toMatchObject({ ok: true });
    ledger.close();
  });
});
