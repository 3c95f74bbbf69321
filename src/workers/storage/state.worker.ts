/** The state thread: the only writer of state.db. One request, one transaction, one answer, in order. */
import { join } from 'node:path';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import { openForWriting, type SqliteDatabase } from './open-database.ts';
import { StateStore } from './state-store.ts';
import type { FromState, StateCommand, StateOptions, ToState } from './state.messages.ts';
import { judgeFailure } from './storage-failure.ts';
import { verifyLastBlocks } from './verify-blocks.ts';
import { checkpointAndClose, WalLimit } from './wal-limit.ts';
import { commitCounters, COMMIT_SLOTS, mainThread, workerOptions } from './worker-data.ts';

const DEFAULT_WAL_RESTART_BYTES = 32 * 1024 * 1024;
const DEFAULT_CACHE_BYTES = 4 * 1024 * 1024;
const DEFAULT_RECENT_REQUESTS = 10_000;
const DEFAULT_VERIFY_BLOCKS = 16;
const BUSY_TIMEOUT_MS = 5_000;

const port = mainThread();
const options = workerOptions<StateOptions>();
const counters = commitCounters(options.commits);
const database = start();
const store = new StateStore(database, options.recentRequests ?? DEFAULT_RECENT_REQUESTS);
const walLimit = new WalLimit(
  database,
  options.walRestartBytes ?? DEFAULT_WAL_RESTART_BYTES,
  BUSY_TIMEOUT_MS,
);
post({ type: 'sys.ready', head: store.head() });
sendHeartbeats((message) => port.postMessage(message));
port.on('message', (message: ToState) => {
  if (message.type === 'stop') stop();
  else answer(message.id, message.command);
});

function start(): SqliteDatabase {
  const path = join(options.dataDir, 'state.db');
  try {
    const opened = openForWriting(path, 'state', {
      ...options,
      cacheBytes: options.cacheBytes ?? DEFAULT_CACHE_BYTES,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
    });
    const check = verifyLastBlocks(opened, 'state', options.verifyBlocks ?? DEFAULT_VERIFY_BLOCKS);
    if (check.ok) return opened;
    opened.close();
    const reason = `block ${check.block}: ${check.reason}`;
    throw new CodiError('CODI_STORE_CORRUPT', { path, reason });
  } catch (error) {
    const { code, message } = judgeFailure(error);
    post({ type: 'sys.startFailed', code, message });
    return process.exit(1);
  }
}

function answer(id: number, command: StateCommand): void {
  try {
    const result = store.run(command, Date.now());
    if ('changed' in result && result.changed) {
      Atomics.add(counters, COMMIT_SLOTS.state, 1);
    }
    post({ type: 'answer', id, ok: true, result });
  } catch (error) {
    refuse(id, error);
    return;
  }
  attempt(() => walLimit.afterCommit());
}

/** For checkpoints: a full disk only means that the log stays long for now. */
function attempt(checkpoint: () => void): void {
  try {
    checkpoint();
  } catch (error) {
    const failure = judgeFailure(error);
    if (failure.kind === 'fatal') fail(failure.code, failure.message);
  }
}

function fail(code: Extract<FromState, { type: 'fatal' }>['code'], message: string): never {
  post({ type: 'fatal', code, message });
  return process.exit(1);
}

function refuse(id: number, error: unknown): void {
  if (isCodiError(error)) {
    post({ type: 'answer', id, ok: false, error: error.toWire() });
    return;
  }
  const failure = judgeFailure(error);
  if (failure.kind === 'fatal') return fail(failure.code, failure.message);
  const refusal = new CodiError(failure.code, { reason: failure.message });
  post({ type: 'answer', id, ok: false, error: refusal.toWire() });
  if (failure.mustReopen) fail(failure.code, failure.message);
}

function stop(): void {
  attempt(() => checkpointAndClose(database));
  process.exit(0);
}

function post(message: FromState): void {
  port.postMessage(message);
}
