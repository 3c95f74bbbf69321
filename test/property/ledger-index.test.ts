import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, FileKind, IndexStat } from '#codi/protocol/file-event.js';
import type { LedgerWork } from '#codi/workers/storage/ledger.messages.js';
import { ReadConnection } from '#codi/workers/storage/read-connection.js';
import { loadIndex } from '#codi/workers/storage/list-files.js';
import { fileEvent, openLedger, stat } from '../support/ledger-store.ts';

interface Entry {
  kind: FileKind;
  stat: IndexStat;
  checksum: string | null;
}

/** The definition of the index, over a plain map. */
function fold(index: Map<string, Entry>, event: FileEventRecord): void {
  const below = (path: string) => [...index.keys()].filter((key) => key.startsWith(`${path}/`));
  const { path, from, kind, stat: found } = event;
  const checksum = event.checksum ? Buffer.from(event.checksum).toString('hex') : null;
  if (event.event === 'delete') {
    index.delete(path);
    if (kind === 'dir') for (const key of below(path)) index.delete(key);
  } else if (event.event === 'move' && from !== undefined && from !== path) {
    const old = index.get(from);
    const moved = new Map<string, Entry>();
    index.delete(from);
    if (kind === 'dir' && !path.startsWith(`${from}/`)) {
      for (const key of below(from)) {
        moved.set(path + key.slice(from.length), index.get(key)!);
        index.delete(key);
      }
      for (const key of below(path)) index.delete(key);
    }
    index.delete(path);
    for (const [key, entry] of moved) index.set(key, entry);
    const isSame = found && old?.stat.size === found.size && old.stat.mtimeNs === found.mtimeNs;
    const carried = isSame ? old!.checksum : null;
    if (found) index.set(path, { kind, stat: found, checksum: checksum ?? carried });
    else if (old) index.set(path, { ...old, checksum: checksum ?? old.checksum });
  } else if (found) {
    const kept = event.event === 'attrib' ? (index.get(path)?.checksum ?? null) : null;
    index.set(path, { kind, stat: found, checksum: checksum ?? kept });
  }
}

// Hostile to LIKE, to text, and to order: wildcards, letters around '/', bytes that are no UTF-8.
const name = fc.constantFrom(
  'a',
  'b',
  '%',
  '_',
  'a%',
  'a_b',
  'a.',
  'a0',
  '\xff',
  '\xc3',
  '\xc3\xa9',
);
const path = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/') as BytePath);
const event: fc.Arbitrary<FileEventRecord> = fc
  .record({
    event: fc.constantFrom('create', 'update', 'attrib', 'delete', 'move', 'move'),
    path,
    from: path,
    kind: fc.constantFrom<FileKind>('file', 'dir', 'dir'),
    ino: fc.nat(50).map(BigInt),
    mtimeNs: fc.constantFrom(1n, 2n),
    hasStat: fc.boolean(),
    checksum: fc.option(fc.uint8Array({ minLength: 2, maxLength: 2 })),
  })
  .map(({ event: type, path: to, from, kind, ino, mtimeNs, hasStat, checksum }) =>
    fileEvent(type as FileEventRecord['event'], to, {
      kind,
      ...(type === 'move' && { from }),
      ...(type !== 'delete' && {
        stat: hasStat || type !== 'move' ? stat({ ino, mtimeNs }) : null,
      }),
      ...(checksum && { checksum }),
    }),
  );

describe('the path index', () => {
  it('is the fold of the file events, whatever they are', () => {
    const ledger = openLedger();
    const reader = new ReadConnection('ledger', { dataDir: ledger.dataDir });
    let roots = 0;
    fc.assert(
      fc.property(fc.array(fc.array(event, { maxLength: 25 }), { maxLength: 3 }), (batches) => {
        const root = { rootId: ++roots, rootPath: `/root ${roots}` as BytePath };
        const work: LedgerWork[] = [{ type: 'openRoot', batch: 0, rootPath: root.rootPath }];
        const expected = new Map<string, Entry>();
        for (const [at, events] of batches.entries()) {
          const sequence = at + 1;
          work.push({ type: 'fileEvents', batch: sequence, ...root, sequence, events });
          for (const each of events) fold(expected, each);
        }
        ledger.store.commit(work, 1_000);
        const { rootPath } = root;
        const rows = loadIndex(reader, { rootPath, afterPath: null, limit: 10_000 });
        const actual = rows.map(({ path: at, kind, stat: found, checksum }) => [
          at,
          { kind, stat: found, checksum: checksum ? Buffer.from(checksum).toString('hex') : null },
        ]);
        expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
        expect(actual.length).toBe(expected.size);
      }),
      { numRuns: 300 },
    );
    reader.close();
    ledger.close();
  });
});
