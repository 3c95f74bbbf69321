import { statSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import {
  openCheckpoint,
  signCheckpoint,
  type Checkpoint,
} from '../../../protocol/audit/signed-note.ts';
import { openForCheckpoints, type SqliteDatabase, type StoreKind } from '../open-database.ts';
import { keysFor } from './audit-key.ts';
import { judgeFailure } from '../storage-failure.ts';
import type { StoreGate } from '../store-gate.ts';
import type { AuditFiles } from './audit-files.ts';
import { BlockTree, BrokenChain } from './block-tree.ts';

/** Leaves taken in one step: a few milliseconds, so that the thread stays answerable. */
const STEP_LEAVES = 2_000;

export interface ChainLimits {
  intervalMs: number;
  blocks: number;
  historyIntervalMs: number;
  historyCount: number;
}

export interface ChainPorts {
  kind: StoreKind;
  dataDir: string;
  files: AuditFiles;
  key: KeyObject;
  /** Public keys a note may be signed with. */
  known: readonly Buffer[];
  /** `<name>/<kind>`; a chain that is anchored anew gets a suffix. */
  origin: string;
  limits: ChainLimits;
  gate: StoreGate;
  /** Commits to this database since the process started. */
  commits(): number;
  nowMs(): number;
  onSigned(size: number, origin: string): void;
  /** The database is not what the last note says; nothing of it is lost by saying so. */
  onAlarm(reason: string, evidence: string | null): void;
  /** Pages cannot be read, or a block is not there. */
  onDamage(reason: string): void;
}

/**
 * Watches one chain: shows at the start that it still is, up to the last signed note, what that note says,
 * and from then on signs its growth. What does not fit raises an alarm and is anchored anew, under a new
 * origin, as it is found.
 */
export class ChainWatch {
  readonly #ports: ChainPorts;
  #database: SqliteDatabase | undefined;
  #turn: number | undefined;
  #identity: Pick<BigIntStats, 'dev' | 'ino'> | undefined;
  #tree: BlockTree | undefined;
  #mark: Checkpoint | undefined;
  #origin: string;
  #isAnchored = false;
  #isBroken = false;
  #mustSign = false;
  #signedCommits = -1;
  #signedAtMs = Number.NEGATIVE_INFINITY;
  #keptAtMs: number;

  constructor(ports: ChainPorts) {
    // One that died may not have said that it let go.
    ports.gate.leave(ports.kind, 'notary');
    this.#ports = ports;
    this.#keptAtMs = ports.files.keptAtMs(ports.kind);
    this.#origin = ports.origin;
  }

  /** The tree once it is known to continue the last note; undefined before. */
  get tree(): BlockTree | undefined {
    return this.#isAnchored && !this.#isBroken ? this.#tree : undefined;
  }

  get database(): SqliteDatabase | undefined {
    return this.#database;
  }

  get signedSize(): number {
    return this.#mark?.size ?? 0;
  }

  /** What is committed is signed, and the database stays open. */
  get isSettled(): boolean {
    const { commits, gate, kind } = this.#ports;
    if (!this.tree || this.#mustSign || this.#turn !== gate.turnOf(kind)) return false;
    return this.#signedCommits === commits();
  }

  /** One bounded piece of work; true when the next should follow at once. */
  step(): boolean {
    if (!this.#open() || this.#isBroken) return false;
    try {
      if (!this.#isAnchored) return this.#anchor();
      if (this.#isDue()) this.sign();
    } catch (error) {
      if (!(error instanceof BrokenChain)) {
        const { code, message } = judgeFailure(error);
        if (code === 'CODI_STORE_CORRUPT') this.#ports.onDamage(message);
        throw error;
      }
      this.#ports.onDamage(error.message);
      // No tree leads over a gap: what comes after it cannot be signed.
      this.#isBroken = true;
      this.#refuse(error.message);
    }
    return false;
  }

  /** Takes what was committed into the tree and signs it. Throws BrokenChain. */
  sign(): void {
    const tree = this.tree;
    if (!tree) return;
    // Read before the blocks: what is committed meanwhile is signed next time, not forgotten.
    const commits = this.#ports.commits();
    while (tree.grow(STEP_LEAVES) === STEP_LEAVES);
    if (tree.stored() < tree.size) return this.#startOver();
    if (tree.size > this.signedSize || this.#mustSign) this.#write(tree);
    this.#signedCommits = commits;
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#ports.gate.leave(this.#ports.kind, 'notary');
    this.#tree = undefined;
    this.#isAnchored = false;
    this.#isBroken = false;
  }

  /** The file may have been replaced by another one under the same name. */
  #open(): boolean {
    const { gate, kind } = this.#ports;
    if (this.#turn !== gate.turnOf(kind)) this.#startOver();
    const path = join(this.#ports.dataDir, `${kind}.db`);
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    const isSame = found?.ino === this.#identity?.ino && found?.dev === this.#identity?.dev;
    if (this.#database && isSame) return true;
    this.close();
    if (!found) return false;
    this.#turn = gate.enter(kind, 'notary', found);
    if (this.#turn === undefined) return false;
    try {
      this.#database = openForCheckpoints(path, this.#ports.kind);
      this.#tree = new BlockTree(this.#database);
    } catch (error) {
      this.close();
      // Not made yet, or not migrated yet: its writer is about to.
      const { code, message } = error as { code?: unknown; message: string };
      const isEarly = code === 'SQLITE_CANTOPEN' || code === 'SQLITE_BUSY';
      if (isEarly || message.includes('no such table')) return false;
      throw error;
    }
    this.#identity = { dev: found.dev, ino: found.ino };
    this.#readMark();
    return true;
  }

  #startOver(): void {
    this.close();
    this.#identity = undefined;
  }

  #readMark(): void {
    const { files, known, kind } = this.#ports;
    const note = files.readCheckpoint(kind);
    const opened = note === undefined ? undefined : openCheckpoint(note, keysFor(note, known));
    if (opened?.ok) {
      this.#mark = opened.checkpoint;
      if (isContinuation(opened.checkpoint.origin, this.#ports.origin))
        this.#origin = opened.checkpoint.origin;
      return;
    }
    this.#mark = undefined;
    const why = opened ? `does not hold: ${opened.reason}` : 'is missing';
    this.#raise(`its last checkpoint ${why}`, note ?? null);
  }

  /** Reads leaves up to the mark, compares, and goes on to the end. */
  #anchor(): boolean {
    const tree = this.#tree!;
    const mark = this.#mark;
    const isBelow = mark !== undefined && tree.size < mark.size;
    const limit = isBelow ? Math.min(STEP_LEAVES, mark.size - tree.size) : STEP_LEAVES;
    const grown = tree.grow(limit);
    if (isBelow && grown === 0)
      this.#refuse(`it holds ${tree.size} blocks, ${mark.size} were signed`);
    if (mark && tree.size === mark.size && !tree.root().equals(mark.root))
      this.#refuse(`its first ${mark.size} blocks are not the ones that were signed`);
    if (grown === limit || isBelow) return true;
    this.#isAnchored = true;
    this.#signedAtMs = Number.NEGATIVE_INFINITY;
    this.sign();
    return false;
  }

  /** The stored chain is another one than the signed: it gets an origin of its own. */
  #refuse(reason: string): void {
    const { files, kind } = this.#ports;
    this.#mark = undefined;
    this.#raise(reason, files.readCheckpoint(kind) ?? null);
  }

  #raise(reason: string, evidence: string | null): void {
    const seconds = Math.floor(this.#ports.nowMs() / 1_000);
    this.#origin = `${this.#ports.origin}.${seconds}`;
    this.#mustSign = true;
    this.#ports.onAlarm(reason, evidence);
  }

  #isDue(): boolean {
    const { limits, nowMs, commits } = this.#ports;
    const pending = commits() - this.#signedCommits;
    if (pending === 0 && !this.#mustSign) return false;
    return pending >= limits.blocks || nowMs() - this.#signedAtMs >= limits.intervalMs;
  }

  #write(tree: BlockTree): void {
    const { files, key, kind, limits, nowMs, onSigned } = this.#ports;
    const checkpoint = { origin: this.#origin, size: tree.size, root: tree.root() };
    const note = signCheckpoint(checkpoint, key);
    // Also after a failure: a full disk is not asked again at every turn.
    this.#signedAtMs = nowMs();
    files.writeCheckpoint(kind, note);
    this.#mark = checkpoint;
    this.#mustSign = false;
    onSigned(tree.size, this.#origin);
    if (limits.historyCount === 0) return;
    if (this.#signedAtMs - this.#keptAtMs < limits.historyIntervalMs) return;
    this.#keptAtMs = this.#signedAtMs;
    files.keep(kind, note, this.#signedAtMs, limits.historyCount);
  }
}

/** The origin itself, or the one it got when the chain was anchored anew. */
function isContinuation(origin: string, wanted: string): boolean {
  return (
    origin === wanted ||
    (origin.startsWith(`${wanted}.`) && /^\d+$/.test(origin.slice(wanted.length + 1)))
  );
}
