/** The state thread: the only writer of state.db. One request, one transaction, one answer, in order. */
import { join } from 'node:path';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import { openForWriting } from './open-database.ts';
import { askForHealing, DEFAULT_HEALS_PER_HOUR, refusalToHeal } from './salvage/ask-for-healing.ts';
import { openOrHeal, type OpenedStore } from './salvage/open-or-heal.ts';
import { StateStore } from './state-store.ts';
import type { FromState, StateCommand, StateOptions, ToState } from './state.messages.ts';
import { judgeFailure } from './storage-failure.ts';
import { StoreGate } from './store-gate.ts';
import { isBlockSound } from './verify-blocks.ts';
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
// What comes while the database is healed waits; a thread that is to stop then ends at once and heals next time.
const early: ToState[] = [];
const wait = (message: ToState) => {
  if (message.type === 'stop') process.exit(0);
  early.push(message);
};
let isGreeted = false;
const gate = new StoreGate(options.gate);
gate.change('state');
port.on('message', wait);
sendHeartbeats((message) => port.postMessage(message));
const { database, file, opened: store, report: healed } = await start();
const walLimit = new WalLimit(
  database,
  options.walRestartBytes ?? DEFAULT_WAL_RESTART_BYTES,
  BUSY_TIMEOUT_MS,
);
const head = store.head();
gate.open('state', file);
if (!isGreeted) post({ type: 'sys.ready', head });
if (healed) post({ type: 'healed', report: healed });
port.off('message', wait);
port.on('message', take);
for (const message of early) take(message);

function take(message: ToState): void {
  if (message.type === 'stop') stop();
  else if (message.type === 'heal') takeDamage(message);
  else answer(message.id, message.command);
}

async function start(): Promise<OpenedStore<StateStore>> {
  const path = join(options.dataDir, 'state.db');
  try {
    return await openOrHeal({
      kind: 'state',
      dataDir: options.dataDir,
      directory: options.directory,
      verifyBlocks: options.verifyBlocks ?? DEFAULT_VERIFY_BLOCKS,
      healsPerHour: options.healsPerHour ?? DEFAULT_HEALS_PER_HOUR,
      gate,
      open: () =>
        openForWriting(path, 'state', {
          ...options,
          cacheBytes: options.cacheBytes ?? DEFAULT_CACHE_BYTES,
          busyTimeoutMs: BUSY_TIMEOUT_MS,
        }),
      use: (opened) => new StateStore(opened, options.recentRequests ?? DEFAULT_RECENT_REQUESTS),
      post: (news) => {
        if (!isGreeted) post({ type: 'sys.ready', head: null });
        isGreeted = true;
        post(news);
      },
      nowMs: () => Date.now(),
    });
  } catch (error) {
    const { code, message } = judgeFailure(error);
    post(isGreeted ? { type: 'fatal', code, message } : { type: 'sys.startFailed', code, message });
    return process.exit(1);
  }
}

/**
 * Somebody met damage: what does not bear a second look is healed by the next thread. Where it may not be, this one
 * goes on: everything else in the database is as good as before.
 */
function takeDamage({ block, reason }: Extract<ToState, { type: 'heal' }>): void {
  if (block !== undefined && isBlockSound(database, 'state', block)) return;
  const refusal = refusalToHeal('state', options, reason);
  if (refusal !== undefined) post({ type: 'unhealed', store: 'state', reason: refusal });
  else fail('CODI_STORE_CORRUPT', reason);
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
  if (code === 'CODI_STORE_CORRUPT') askForHealing('state', options, message);
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
