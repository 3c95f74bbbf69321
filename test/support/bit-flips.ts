import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { bundleProof, checkProof } from '#codi/protocol/audit/proof.js';
import { decodeVerifierKey } from '#codi/protocol/audit/signed-note.js';
import type { ProofParts } from '#codi/workers/storage/notary.messages.js';
import { writeSegment } from '#codi/workers/storage/archive/archive-files.js';
import { SegmentTable } from '#codi/workers/storage/archive/segment-table.js';
import {
  openForReading,
  openForWriting,
  type SqliteDatabase,
  type StoreKind,
} from '#codi/workers/storage/open-database.js';
import { StateStore } from '#codi/workers/storage/state-store.js';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import { auditStores } from './audit-stores.ts';
import { fileEvent, openLedger } from './ledger-store.ts';
import { bodyOf, context, entriesMessage, logEntry } from './ledger-thread.ts';
import { NotaryWorld } from './notary.ts';

const KINDS: readonly StoreKind[] = ['ledger', 'state'];
const ARCHIVED_BLOCKS = 40;
const ROOT = '/desk' as BytePath;

/** What became of one flipped bit. */
export type Outcome = 'verify' | 'open' | 'start' | 'proof' | 'harmless' | 'SILENT';

/** A signed data directory and all that is in it; `files` are what a bit may be flipped in. */
export interface Specimen {
  dir: string;
  files: string[];
  /** Everything that its tables hold. */
  rows: string;
  proof: string;
  remove(): void;
}

/**
 * A data directory with rows in every table, signed to its end. With `inLog` the newest of them still stand in
 * the write-ahead logs.
 */
export function newSpecimen(home: string, inLog: boolean): Specimen {
  const ledger = openLedger();
  const state = openForWriting(join(ledger.dataDir, 'state.db'), 'state');
  for (const database of [ledger.database, state]) database.pragma('synchronous = OFF');
  const store = new StateStore(state, 100);
  fillLedger(ledger.store, 0, 60);
  archiveOldest(ledger.database, ledger.dataDir);
  fillState(store, 0, 40);
  for (const database of [ledger.database, state]) database.pragma('wal_checkpoint(TRUNCATE)');
  if (inLog) {
    fillLedger(ledger.store, 60, 64);
    fillState(store, 40, 42);
  }
  const world = new NotaryWorld(ledger.dataDir).start();
  const proof = proofOf(world);
  const dir = join(home, inLog ? 'in-log' : 'in-database');
  // As it would be found after kill -9: nothing is closed before the copy is made.
  cpSync(ledger.dataDir, dir, { recursive: true, filter: (path) => !path.endsWith('-shm') });
  world.close();
  state.close();
  ledger.close();
  writeFileSync(join(dir, 'proof.json'), proof);
  const databases = inLog
    ? KINDS.map((kind) => `${kind}.db-wal`)
    : KINDS.map((kind) => `${kind}.db`);
  const small = ['key', 'key.pub', 'ledger.checkpoint', 'state.checkpoint'];
  return {
    dir,
    files: [
      ...databases,
      ...(inLog ? [] : [...small.map((name) => `audit/${name}`), 'proof.json', ...segmentsOf(dir)]),
    ],
    rows: dump(copyOf(dir, join(home, 'as-it-is'))),
    proof,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function fillLedger(store: ReturnType<typeof openLedger>['store'], from: number, to: number): void {
  let batch = 1 + from * 10;
  const commit = (work: Parameters<typeof store.commit>[0][number]) =>
    store.commit([work], 1_700_000_000_000 + batch);
  commit({ type: 'openRoot', batch: batch++, rootPath: ROOT });
  for (let block = from; block < to; block++) {
    const owner = context(block % 3 === 0 ? { producerId: `producer-${block}` } : {});
    const frames = Array.from({ length: 4 }, (_, n) => {
      const more = {
        metadata: { block, n },
        session_id: `s-${block % 5}`,
        ...(owner.producerId !== null && { sequence: n + 1 }),
      };
      return [owner, bodyOf(logEntry(`entry ${n} of ${block} ${'x'.repeat(300)}`, more))] as const;
    });
    commit(entriesMessage(batch++, frames));
    // Every second file has checksums: its events are of both versions of the encoding.
    const content = block % 2 === 0 ? {} : { checksum: Buffer.alloc(32, block) };
    const events = [
      fileEvent('create', `dir/file-${block}`, content),
      fileEvent('update', `dir/file-${block}`, content),
    ];
    const sequence = block + 1;
    commit({ type: 'fileEvents', batch: batch++, rootId: 1, rootPath: ROOT, sequence, events });
  }
}

/** The oldest blocks leave the tables for two segments. */
function archiveOldest(database: SqliteDatabase, dataDir: string): void {
  const table = new SegmentTable(database, () => performance.now());
  for (const firstBlock of [0, ARCHIVED_BLOCKS]) {
    const blocks = { firstBlock, lastBlock: firstBlock + ARCHIVED_BLOCKS - 1 };
    const segment = writeSegment(database, dataDir, blocks, 1_700_000_000_000);
    table.run({ type: 'beginSegment', segment, budgetMs: 1_000 });
    while (table.run({ type: 'dropRows', budgetMs: 1_000 }).isDropping);
  }
}

function segmentsOf(dir: string): string[] {
  return readdirSync(join(dir, 'archive')).map((name) => `archive/${name}`);
}

function fillState(store: StateStore, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const requestId = `request-${n}`;
    const session = { sessionId: `s-${n}`, identity: 'ana', agentType: null, metadata: '{"a":1}' };
    store.run({ type: 'sessionStart', requestId, ...session }, 1_700_000_000_000 + n);
    if (n % 2 === 0) store.run({ type: 'sessionEnd', sessionId: `s-${n}` }, 1_700_000_000_500 + n);
    const path = `/desk/${n}` as BytePath;
    store.run(
      { type: 'monitoredPathAdd', path, recursive: true, patterns: ['*.txt'] },
      1_700_000_001_000,
    );
  }
}

function proofOf(world: NotaryWorld): string {
  const command = { type: 'prove', database: 'ledger', stream: 1, number: 33, offset: 0 } as const;
  const { canonical, ...parts } = world.notary.run(command) as ProofParts;
  const bytes = Buffer.from(canonical, 'base64');
  const source = {
    ...parts,
    canonical: bytes,
    database: 'ledger',
    stream: 'log',
    number: 33,
  } as const;
  return `${JSON.stringify(bundleProof(source), null, 2)}\n`;
}

/** A copy of the specimen with one bit flipped. */
export function flipped(
  specimen: Specimen,
  { file, offset, bit }: { file: string; offset: number; bit: number },
  scratch: string,
): string {
  const dir = copyOf(specimen.dir, scratch);
  const bytes = readFileSync(join(dir, file));
  bytes[offset]! ^= 1 << bit;
  writeFileSync(join(dir, file), bytes);
  return dir;
}

/** Does what a person and a daemon would do with the copy, until something is noticed. */
export function judge(specimen: Specimen, file: string, dir: string): Outcome {
  if (file === 'proof.json') return judgeProof(specimen, dir);
  if (auditStores(dir).length > 0) return 'verify';
  if (isRefusedByOpening(dir)) return 'open';
  if (isNoticedByNotary(dir)) return 'start';
  return dump(dir) === specimen.rows ? 'harmless' : 'SILENT';
}

function judgeProof(specimen: Specimen, dir: string): Outcome {
  const keys = readFileSync(join(specimen.dir, 'audit/key.pub'), 'utf8').trim().split('\n');
  const text = readFileSync(join(dir, 'proof.json'), 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'proof';
  }
  if (
    !checkProof(
      value,
      keys.map((key) => decodeVerifierKey(key)!),
    ).ok
  )
    return 'proof';
  return JSON.stringify(value) === JSON.stringify(JSON.parse(specimen.proof))
    ? 'harmless'
    : 'SILENT';
}

/** As the writers do when a daemon starts. */
function isRefusedByOpening(dir: string): boolean {
  return KINDS.some((kind) => {
    try {
      const database = openForWriting(join(dir, `${kind}.db`), kind);
      const check = verifyLastBlocks(database, kind, 16);
      database.close();
      return !check.ok;
    } catch {
      return true;
    }
  });
}

/** As the notary does when a daemon starts. */
function isNoticedByNotary(dir: string): boolean {
  const world = new NotaryWorld(dir);
  try {
    world.start();
    return world.messages.some(({ type }) => type === 'alarm' || type === 'notice');
  } catch {
    return true;
  } finally {
    world.close();
  }
}

/** All rows of all tables and all views, as text. */
function dump(dir: string): string {
  const parts: string[] = [];
  for (const kind of KINDS) {
    const database = openForReading(join(dir, `${kind}.db`), kind);
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
      .pluck()
      .all() as string[];
    for (const name of names) {
      const rows = database.prepare(`SELECT * FROM "${name}"`).safeIntegers(true).raw().all();
      const text = JSON.stringify(rows, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      );
      parts.push(`${kind}.${name} ${text}`);
    }
    database.close();
  }
  return parts.join('\n');
}

function copyOf(from: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  cpSync(from, to, { recursive: true });
  return to;
}
