/**
 * The checkpoint thread: moves committed pages from the write-ahead logs into the databases while commits
 * happen, with PASSIVE, which never waits for anybody and makes nobody wait.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import type {
  CheckpointOptions,
  FromCheckpointer,
  ToCheckpointer,
  WalSizes,
} from './checkpoint.messages.ts';
import { openForCheckpoints, type SqliteDatabase, type StoreKind } from './open-database.ts';
import { Scrub } from './scrub.ts';
import { judgeFailure } from './storage-failure.ts';
import { StoreGate } from './store-gate.ts';
import { walBytes } from './wal-limit.ts';
import { commitCounters, COMMIT_SLOTS, mainThread, workerOptions } from './worker-data.ts';

const DEFAULT_INTERVAL_MS = 20;
const DEFAULT_IDLE_INTERVAL_MS = 500;
const REPORT_INTERVAL_MS = 1_000;

interface Store {
  kind: StoreKind;
  /** Opened when its writer has made it. */
  database: SqliteDatabase | undefined;
  /** The turn of the gate it was opened in. */
  turn: number | undefined;
  pageSizeBytes: number;
  seenCommits: number;
  /** Frames that a reader kept from being checkpointed. */
  leftFrames: number;
  walBytes: number;
}

const port = mainThread();
const options = workerOptions<CheckpointOptions>();
const counters = commitCounters(options.commits);
const gate = new StoreGate(options.gate);
const intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
const idleIntervalMs = options.idleIntervalMs ?? DEFAULT_IDLE_INTERVAL_MS;
const stores: Record<StoreKind, Store> = { ledger: newStore('ledger'), state: newStore('state') };
let reportedAtMs = Number.NEGATIVE_INFINITY;
let reported: WalSizes = { ledgerWalBytes: 0, stateWalBytes: 0, heldWalBytes: 0 };

const scrub = options.scrub && newScrub(options.scrub);

port.on('message', (message: ToCheckpointer) => {
  if (message.type === 'stop') stop();
});
post({ type: 'sys.ready' });
sendHeartbeats((message) => port.postMessage(message));
turn();
if (scrub) {
  post({ type: 'scrubStates', states: scrub.states() });
  verifyOn(scrub, scrub.firstStepMs);
}

function newScrub(scrubOptions: NonNullable<CheckpointOptions['scrub']>): Scrub {
  return new Scrub(options.dataDir, scrubOptions, {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    onPiece: (report) => post({ type: 'scrubbed', ...report }),
  });
}

function verifyOn(running: Scrub, delayMs: number): void {
  setTimeout(() => verifyOn(running, running.step()), delayMs);
}

function newStore(kind: StoreKind): Store {
  // One that died may not have said that it let go.
  gate.leave(kind, 'maintenance');
  return {
    kind,
    database: undefined,
    turn: undefined,
    pageSizeBytes: 0,
    seenCommits: -1,
    leftFrames: 0,
    walBytes: 0,
  };
}

function turn(): void {
  let isBusy = false;
  try {
    for (const store of Object.values(stores)) isBusy = checkpoint(store) || isBusy;
  } catch (error) {
    const failure = judgeFailure(error);
    if (failure.kind === 'fatal') {
      // An fsync may have failed: this connection must not try again.
      post({ type: 'fatal', code: failure.code, message: failure.message });
      process.exit(1);
    }
  }
  report();
  setTimeout(turn, isBusy ? intervalMs : idleIntervalMs);
}

/** True when something was done, so that the next look comes soon. */
function checkpoint(store: Store): boolean {
  const commits = Atomics.load(counters, COMMIT_SLOTS[store.kind]);
  const hasMoved = commits !== store.seenCommits;
  if (store.turn !== gate.turnOf(store.kind)) letGo(store);
  if (!hasMoved && store.leftFrames === 0) return false;
  store.database ??= open(store);
  if (!store.database) return false;
  const [row] = store.database.pragma('wal_checkpoint(PASSIVE)') as {
    busy: number;
    log: number;
    checkpointed: number;
  }[];
  store.seenCommits = commits;
  store.leftFrames = row ? Math.max(0, row.log - row.checkpointed) : 0;
  store.walBytes = walBytes(row?.log ?? 0, store.pageSizeBytes);
  return hasMoved;
}

/** The database is being replaced, or was. */
function letGo(store: Store): void {
  store.database?.close();
  store.database = undefined;
  store.turn = undefined;
  gate.leave(store.kind, 'maintenance');
}

function open(store: Store): SqliteDatabase | undefined {
  const path = join(options.dataDir, `${store.kind}.db`);
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  store.turn = file && gate.enter(store.kind, 'maintenance', file);
  if (store.turn === undefined) return undefined;
  try {
    const database = openForCheckpoints(path, store.kind);
    store.pageSizeBytes = database.pragma('page_size', { simple: true }) as number;
    return database;
  } catch (error) {
    // Not made yet, or not migrated yet: looked for again at the next turn.
    const { code } = error as { code?: unknown };
    if (code === 'SQLITE_CANTOPEN' || code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

function report(): void {
  const { ledger, state } = stores;
  const sizes: WalSizes = {
    ledgerWalBytes: ledger.walBytes,
    stateWalBytes: state.walBytes,
    heldWalBytes: heldBytes(ledger) + heldBytes(state),
  };
  const isSame =
    sizes.ledgerWalBytes === reported.ledgerWalBytes &&
    sizes.stateWalBytes === reported.stateWalBytes &&
    sizes.heldWalBytes === reported.heldWalBytes;
  const nowMs = performance.now();
  if (isSame || nowMs - reportedAtMs < REPORT_INTERVAL_MS) return;
  reportedAtMs = nowMs;
  reported = sizes;
  post({ type: 'sizes', ...sizes });
}

function heldBytes({ leftFrames, pageSizeBytes }: Store): number {
  return walBytes(leftFrames, pageSizeBytes);
}

function stop(): void {
  scrub?.close();
  for (const { database } of Object.values(stores)) database?.close();
  process.exit(0);
}

function post(message: FromCheckpointer): void {
  port.postMessage(message);
}
