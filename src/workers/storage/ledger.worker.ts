/**
 * The ledger thread: the only writer of ledger.db. Messages queue up while a commit runs and become the
 * next group; answers leave only after COMMIT has returned. The queue is bounded by its sender, which
 * keeps only so many bytes unanswered.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { timestampFromMs } from '../../protocol/timestamp.ts';
import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import { trimWhenIdle } from '../../supervisor/idle-trim.ts';
import { AnswerBook } from './answer-book.ts';
import { isIndexDamage, type FullTextIndex } from './full-text-index.ts';
import { GrantedRoom } from './granted-room.ts';
import { ledgerHead } from './group-heads.ts';
import { groupLength, workBytes } from './group-size.ts';
import type {
  FromLedger,
  LedgerOptions,
  LedgerWork,
  PackedAnswers,
  ToLedger,
} from './ledger.messages.ts';
import { FrameIds } from './frame-ids.ts';
import { LedgerStore, type GroupResult } from './ledger-store.ts';
import { openForWriting } from './open-database.ts';
import { NO_ANSWERS } from './answers.messages.ts';
import { askForHealing, DEFAULT_HEALS_PER_HOUR, refusalToHeal } from './salvage/ask-for-healing.ts';
import { openOrHeal, type OpenedStore } from './salvage/open-or-heal.ts';
import { HELD, isDiskFull, judgeFailure, type StorageFailure } from './storage-failure.ts';
import { StoreGate } from './store-gate.ts';
import { isBlockSound } from './verify-blocks.ts';
import { UpkeepQueue } from './upkeep-queue.ts';
import { checkpointAndClose, WalLimit } from './wal-limit.ts';
import { commitCounters, COMMIT_SLOTS, mainThread, workerOptions } from './worker-data.ts';

const DEFAULT_GROUP_BYTES = 256 * 1024;
const DEFAULT_WAL_RESTART_BYTES = 32 * 1024 * 1024;
const DEFAULT_VERIFY_BLOCKS = 16;
const BUSY_TIMEOUT_MS = 5_000;
const OUT_OF_ORDER_RETRY_MS = 50;
/** How often entries from before join the full-text index beside a flood. */
const INDEX_INTERVAL_MS = 100;

const port = mainThread();
const options = workerOptions<LedgerOptions>();
const counters = commitCounters(options.commits);
const groupBytes = options.groupBytes ?? DEFAULT_GROUP_BYTES;

const groupDelayMs = options.groupDelayMs ?? 0;

const queue: { work: LedgerWork; bytes: number }[] = [];
let queuedBytes = 0;
let isScheduled = false;
/** A group that waits for company, until it is full or its time is up. */
let delay: NodeJS.Timeout | undefined;
let isStopping = false;
let isGreeted = false;
let nextIndexMs = 0;

// What comes while the database is healed waits; a thread that is to stop then ends at once and heals next time.
const early: ToLedger[] = [];
const wait = (message: ToLedger) => {
  if (message.type === 'stop') process.exit(0);
  early.push(message);
};
port.on('message', wait);
const gate = new StoreGate(options.gate);
gate.change('ledger');
sendHeartbeats((message) => port.postMessage(message));
const { database, file, opened: store, report: healed } = await start();
const walRestartBytes = options.walRestartBytes ?? DEFAULT_WAL_RESTART_BYTES;
const walLimit = new WalLimit(database, walRestartBytes, BUSY_TIMEOUT_MS);
const room = new GrantedRoom(database, walLimit, { ...options, walRestartBytes });
const upkeep = new UpkeepQueue(database, {
  index: { rebuild: () => store.fullText?.rebuild() },
  log: walLimit,
});
const head = ledgerHead(database, store.heads);
gate.open('ledger', file);
if (!isGreeted) post({ type: 'sys.ready', head });
if (healed) post({ type: 'healed', report: healed, head });
port.off('message', wait);
port.on('message', take);
for (const message of early) take(message);
trimWhenIdle(() => process.cpuUsage());
if (store.fullText?.isBehind) schedule();

function take(message: ToLedger): void {
  if (message.type === 'stop') isStopping = true;
  else if (message.type === 'upkeep') upkeep.push(message);
  else if (message.type === 'room') room.change(message.room);
  else if (message.type === 'heal') return takeDamage(message);
  else enqueue(message);
  schedule();
}

async function start(): Promise<OpenedStore<LedgerStore>> {
  const path = join(options.dataDir, 'ledger.db');
  const ports = {
    frameIds: new FrameIds(options.runId ?? randomUUID()),
    now: () => timestampFromMs(Date.now()),
  };
  try {
    return await openOrHeal({
      kind: 'ledger',
      dataDir: options.dataDir,
      directory: options.directory,
      verifyBlocks: options.verifyBlocks ?? DEFAULT_VERIFY_BLOCKS,
      healsPerHour: options.healsPerHour ?? DEFAULT_HEALS_PER_HOUR,
      gate,
      open: () => openForWriting(path, 'ledger', { ...options, busyTimeoutMs: BUSY_TIMEOUT_MS }),
      use: (opened) => new LedgerStore(opened, options, ports),
      post: (news) => {
        // The actor can take work meanwhile, and show how far this is.
        if (!isGreeted) post({ type: 'sys.ready', head: null });
        isGreeted = true;
        if (news.type === 'healing') post(news);
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
function takeDamage({ block, reason }: Extract<ToLedger, { type: 'heal' }>): void {
  if (block !== undefined && isBlockSound(database, 'ledger', block)) return;
  const refusal = refusalToHeal('ledger', options, reason);
  if (refusal !== undefined) post({ type: 'unhealed', store: 'ledger', reason: refusal });
  else fail('CODI_STORE_CORRUPT', reason);
}

function enqueue(work: LedgerWork): void {
  const bytes = workBytes(work);
  queue.push({ work, bytes });
  queuedBytes += bytes;
}

// A macro-task: what else has already arrived joins the group, a lone entry waits for nothing (or for the
// delay that was asked for).
function schedule(): void {
  if (isScheduled) return;
  if (groupDelayMs > 0 && queuedBytes < groupBytes && !isStopping) {
    delay ??= setTimeout(turn, groupDelayMs);
    return;
  }
  isScheduled = true;
  setImmediate(turn);
}

function turn(): void {
  isScheduled = false;
  clearTimeout(delay);
  delay = undefined;
  if (queue.length > 0) takeGroup();
  if (!isStopping && !room.isHeld && store.fullText?.isBehind) indexEarlier(store.fullText);
  if (upkeep.isDue(queue.length > 0)) doUpkeep();
  if (queue.length > 0 || (!isStopping && !upkeep.isEmpty)) schedule();
  else if (isStopping) stop();
}

/** Takes entries from before into the index: while nothing waits, else now and then. */
function indexEarlier(index: FullTextIndex): void {
  if (queue.length === 0 || performance.now() >= nextIndexMs) {
    nextIndexMs = performance.now() + INDEX_INTERVAL_MS;
    try {
      index.step();
      Atomics.add(counters, COMMIT_SLOTS.ledger, 1);
      walLimit.afterCommit();
    } catch (error) {
      const failure = judgeFailure(error);
      if (isIndexDamage(error)) index.rebuild();
      else if (failure.kind === 'fatal') fail(failure.code, failure.message);
      else return void setTimeout(schedule, failure.retryMs);
    }
  }
  if (index.isBehind) schedule();
}

function takeGroup(): void {
  const taken = queue.splice(0, groupLength(queue, groupBytes));
  const group = taken.map(({ work }) => work);
  for (const { bytes } of taken) queuedBytes -= bytes;
  if (room.isHeld) refuse(group, HELD);
  else commitGroup(group);
}

function commitGroup(group: readonly LedgerWork[]): void {
  const startedMs = performance.now();
  let result: GroupResult;
  try {
    result = commit(group);
  } catch (error) {
    refuse(group, judgeFailure(error));
    return;
  }
  if (result.block !== null) Atomics.add(counters, COMMIT_SLOTS.ledger, 1);
  report(result, performance.now() - startedMs);
  limitWal();
}

/** What finds no room past the end of the log may find it at its beginning. */
function commit(group: readonly LedgerWork[]): GroupResult {
  try {
    return store.commit(group, Date.now());
  } catch (error) {
    if (!isDiskFull(error) || !walLimit.restart()) throw error;
    return store.commit(group, Date.now());
  }
}

/** One short transaction between two groups. */
function doUpkeep(): void {
  const outcome = upkeep.run();
  if ('kind' in outcome) return fail(outcome.code, outcome.message);
  Atomics.add(counters, COMMIT_SLOTS.ledger, 1);
  post(outcome);
  limitWal();
}

function limitWal(): void {
  try {
    walLimit.afterCommit();
  } catch (error) {
    const failure = judgeFailure(error);
    // A full disk only means that the log stays long for now.
    if (failure.kind === 'fatal') fail(failure.code, failure.message);
  }
}

function report(result: GroupResult, durationMs: number): void {
  const { settled, outOfOrder, roots, answers, ...facts } = result;
  if (settled.length > 0 || facts.block !== null) {
    const encoded = encode(answers);
    post({ type: 'committed', batches: settled, durationMs, ...facts, answers: encoded }, encoded);
  }
  for (const answer of roots) post(answer);
  if (outOfOrder.length === 0) return;
  post({
    type: 'refused',
    batches: outOfOrder,
    code: 'CODI_SEQUENCE_GAP',
    retryMs: OUT_OF_ORDER_RETRY_MS,
    answers: NO_ANSWERS,
  });
}

function refuse(group: readonly LedgerWork[], failure: StorageFailure): void {
  if (failure.kind === 'fatal') {
    fail(failure.code, failure.message);
    return;
  }
  const { code, retryMs, message } = failure;
  const answers = new AnswerBook();
  const refusal = new CodiError(code, { reason: message });
  for (const work of group)
    if (work.type === 'entries') store.entries.refuse(work, answers, refusal, retryMs);
  const encoded = encode(answers);
  const batches = group.map((work) => work.batch);
  post({ type: 'refused', batches, code, retryMs, answers: encoded }, encoded);
  if (failure.mustReopen) fail(code, message);
}

function encode(answers: AnswerBook): PackedAnswers {
  const idBase = randomBytes(16);
  idBase[6] = (idBase[6]! & 0x0f) | 0x40; // RFC 9562: version 4
  idBase[8] = (idBase[8]! & 0x3f) | 0x80;
  return answers.encode(timestampFromMs(Date.now()), idBase);
}

/** The database is left as it is: closing could try a failed fsync again. One that is damaged is healed next. */
function fail(code: Extract<FromLedger, { type: 'fatal' }>['code'], message: string): void {
  if (code === 'CODI_STORE_CORRUPT') askForHealing('ledger', options, message);
  post({ type: 'fatal', code, message });
  process.exit(1);
}

function stop(): void {
  try {
    checkpointAndClose(database);
  } catch (error) {
    const failure = judgeFailure(error);
    if (failure.kind === 'fatal') fail(failure.code, failure.message);
  }
  process.exit(0);
}

function post(message: FromLedger, answers?: PackedAnswers): void {
  port.postMessage(message, answers ? [answers.bytes.buffer as ArrayBuffer] : []);
}
