import { statSync } from 'node:fs';
import { BlockBytes } from './audit/block-bytes.ts';
import { chainStart, verifyPiece, type ChainPosition } from './audit/verify-chain.ts';
import { STREAMS } from './codes.ts';
import { openForReading, type SqliteDatabase, type StoreKind } from './open-database.ts';
import { archivedThrough } from './verify-blocks.ts';
import type { ScrubDamage, ScrubState } from './scrub.messages.ts';
import { judgeFailure } from './storage-failure.ts';
import { join } from 'node:path';

/** What is signed is compared when a daemon starts, and by `codi audit verify`. */
const NO_MARKS = { marks: [], problems: [] };
/** Each page is looked at once: what is kept of them would only fill memory. */
const CACHE_BYTES = 1024 * 1024;
/** More would say nothing new. */
const DAMAGE_MAX = 20;

/** What of a state is kept over restarts. `identity`: of the store that it is about. */
export type SavedScrub = Omit<ScrubState, 'store'> & { identity: string; dueMs: number };

export interface ScrubPorts {
  nowMs(): number;
  monotonicMs(): number;
  /** Length of one piece. */
  pieceMs: number;
  intervalMs: number;
}

/** What one piece found: `entries` were hashed; `isPassDone` with the last one of a pass. */
export interface ScrubPiece {
  blocks: number;
  entries: number;
  found: ScrubDamage[];
  isPassDone: boolean;
}

/** Verifies one database again and again, a piece at a time. */
export class StoreScrub {
  readonly #kind: StoreKind;
  readonly #dataDir: string;
  readonly #ports: ScrubPorts;
  #database: SqliteDatabase | undefined;
  #position: ChainPosition | undefined;
  #before: ScrubDamage[] = [];
  #found: ScrubDamage[] = [];
  #saved: SavedScrub;
  #inode: bigint | undefined;

  constructor(kind: StoreKind, dataDir: string, ports: ScrubPorts, saved?: SavedScrub) {
    this.#kind = kind;
    this.#dataDir = dataDir;
    this.#ports = ports;
    this.#saved = saved ?? newScrub();
    this.#before = this.#saved.damage;
  }

  get saved(): SavedScrub {
    return this.#saved;
  }

  get state(): ScrubState {
    const { block, passBlocks, passEndedMs, damage } = this.#saved;
    return { store: this.#kind, block, passBlocks, passEndedMs, damage };
  }

  /** The next piece; undefined while nothing is due, or there is no store yet. */
  step(): ScrubPiece | undefined {
    if (this.#saved.block === 0 && this.#ports.nowMs() < this.#saved.dueMs) return undefined;
    const path = join(this.#dataDir, `${this.#kind}.db`);
    this.#lookAt(path);
    try {
      this.#database ??= openForReading(path, this.#kind, { cacheBytes: CACHE_BYTES });
      return this.#database.transaction(() => this.#verify(this.#database!)).deferred();
    } catch (error) {
      this.close();
      return this.#broken(error);
    }
  }

  /** A database that was healed is another file: what was found in the one before does not count any more. */
  #lookAt(path: string): void {
    const inode = statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
    const isReplaced = this.#inode !== undefined && inode !== this.#inode;
    this.#inode = inode;
    if (!isReplaced) return;
    this.close();
    this.#saved = newScrub();
    this.#found = [];
    this.#before = [];
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#position = undefined;
  }

  #verify(database: SqliteDatabase): ScrubPiece | undefined {
    const from = (this.#position ??= this.#begin(database));
    const { pieceMs, monotonicMs } = this.#ports;
    const endMs = monotonicMs() + pieceMs;
    const store = { database, kind: this.#kind, dataDir: this.#dataDir, marks: NO_MARKS };
    const piece = verifyPiece(store, from, () => monotonicMs() >= endMs);
    if (piece.blocks === 0) return undefined;
    const through = archivedThrough(database, this.#kind);
    const found = piece.findings.map(({ block, reason }) => ({
      ...(block !== undefined && { block }),
      reason,
      isArchived: block !== undefined && block <= through,
    }));
    this.#position = { ...piece.position, edge: null };
    const blocks = piece.position.block - from.block;
    return this.#take({ blocks, entries: piece.entries, found, isPassDone: piece.isDone });
  }

  /** Where the last piece ended, as the database has it now: the numbers there are read anew. */
  #begin(database: SqliteDatabase): ChainPosition {
    const identity = identityOf(database);
    if (identity !== this.#saved.identity) this.#saved = { ...newScrub(), identity };
    const stored = new BlockBytes(database, this.#kind, this.#dataDir);
    const isShorter = this.#saved.block > stored.count();
    stored.close();
    if (isShorter) this.#saved.block = 0;
    const { block } = this.#saved;
    if (block === 0) return { ...chainStart(), edge: null };
    const end = database
      .prepare(
        'SELECT last FROM block_ranges WHERE stream = ? AND block < ? ORDER BY block DESC LIMIT 1',
      )
      .pluck();
    const time = database.prepare('SELECT committed_ms FROM blocks WHERE n = ?').pluck();
    return {
      block,
      ends: Object.values(STREAMS).map((stream) => (end.get(stream, block) as number) ?? 0),
      committedMs: (time.get(block - 1) as number) ?? 0,
      edge: null,
    };
  }

  #take(piece: ScrubPiece): ScrubPiece {
    const at = this.#position?.block ?? 0;
    this.#found = [...this.#found, ...piece.found].slice(0, DAMAGE_MAX);
    // What the last pass found ahead is still thought to be there.
    const ahead = this.#before.filter(({ block }) => !piece.isPassDone && (block ?? 0) >= at);
    const damage = [...this.#found, ...ahead].slice(0, DAMAGE_MAX);
    this.#saved = { ...this.#saved, block: at, damage };
    if (piece.isPassDone) this.#endPass(at);
    return piece;
  }

  #endPass(blocks: number): void {
    const nowMs = this.#ports.nowMs();
    const dueMs = nowMs + this.#ports.intervalMs;
    this.#saved = { ...this.#saved, block: 0, passBlocks: blocks, passEndedMs: nowMs, dueMs };
    this.#before = this.#found;
    this.#found = [];
    this.#position = undefined;
  }

  /** A page that makes no sense ends the pass; what is no damage is tried again. */
  #broken(error: unknown): ScrubPiece | undefined {
    const failure = judgeFailure(error);
    if (failure.code !== 'CODI_STORE_CORRUPT') return undefined;
    const { block } = this.#saved;
    const found = [
      { block, reason: `the database cannot be read on: ${failure.message}`, isArchived: false },
    ];
    return this.#take({ blocks: 0, entries: 0, found, isPassDone: true });
  }
}

function newScrub(): SavedScrub {
  return { identity: '', block: 0, passBlocks: 0, passEndedMs: null, damage: [], dueMs: 0 };
}

function identityOf(database: SqliteDatabase): string {
  const leaf = database.prepare('SELECT leaf FROM blocks WHERE n = 0').pluck().get();
  return Buffer.isBuffer(leaf) ? leaf.toString('hex') : '';
}
