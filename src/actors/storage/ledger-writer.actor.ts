/**
 * The only way into ledger.db. Owns the ledger thread; takes what waits in the ingest buffer, hands it
 * over in groups and passes the thread's answers on. When it dies the next incarnation replays what has
 * no answer. It never decodes an entry and never answers before the thread has committed.
 */
import { CodiError, type ErrorCode } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext, Host } from '../../supervisor/index.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type {
  CommittedMessage,
  ConnectionAnswers,
  FromLedger,
  LedgerHead,
} from '../../workers/storage/ledger.messages.ts';
import { eachAnswers } from '../../workers/storage/answers.messages.ts';
import type { UpkeepCommand } from '../../workers/storage/archive.messages.ts';
import type { HealingDesk } from './healing-desk.ts';
import type { IngestBuffer } from './ingest-buffer.ts';
import type { RequestBook } from './request-book.ts';
import { WRITER_RESTARTS, WRITER_LOOK_MS } from './restarts.ts';
import type { WriterRoom } from './writer-room.ts';
import { writerMachine } from './writer.machine.ts';

/** How long a refusal is shown when nobody has written since. */
const REFUSED_SHOWN_MS = 30_000;

export interface LedgerWriterPorts {
  buffer: IngestBuffer;
  /** Short changes beside the entries: what retention asks for. */
  upkeep: RequestBook<UpkeepCommand>;
  /** Where damage is reported, and what becomes of it. */
  healing: HealingDesk;
  room: WriterRoom;
  telemetry: Telemetry;
  /** Delivers framed final answers to a client; its connection may be gone. */
  deliver(answers: ConnectionAnswers): void;
  /** Committed facts, for followers, the checkpointer and the counters. */
  onCommitted(fact: CommittedMessage): void;
  onHead(head: LedgerHead): void;
  /** Throws CodiError when the database is not where it was opened. */
  assertInPlace(): void;
  /** The writer is about to be gone: nobody opens its database before the next one has looked at it. */
  onEnd(): void;
  /** Nothing of a group could be written now. */
  onRefused(code: ErrorCode): void;
}

export function ledgerWriterSpec(
  entry: URL,
  data: unknown,
  ports: LedgerWriterPorts,
): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'ledger-writer',
    ...WRITER_RESTARTS,
    isolation: { kind: 'thread', entry, data, isEarly: true },
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, ports: LedgerWriterPorts) {
  const { buffer, telemetry, healing } = ports;
  const host = cell.host!;
  let isRefusing = false;
  /** Since when nothing was taken; a full disk is said to be full until a commit shows otherwise. */
  let refusedAtMs: number | undefined;
  let isPumping = false;
  let isFinishing = false;

  const pump = cell.scope.wrap(() => {
    isPumping = false;
    if (isRefusing) return;
    handOver(buffer, host);
    if (isFinishing && buffer.isEmpty) cell.raise({ type: 'drained' });
  });
  // One pump a turn of the event loop: what many clients sent in it goes as one group.
  const schedulePump = () => {
    if (isPumping) return;
    isPumping = true;
    cell.clock.setImmediate(pump);
  };

  const take = takeMessages(cell, ports, {
    onSettled: () => !isRefusing && handOver(buffer, host),
    onProgress: (isStored) => {
      if (isStored) refusedAtMs = undefined;
      schedulePump();
    },
  });
  host.onMessage(cell.scope.wrap((message) => take(message as FromLedger)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'threadStopped' })));
  cell.scope.defer('store gate', ports.onEnd);
  lookAtPlace(cell, ports);
  cell.scope.defer('ingest buffer', () => buffer.lose());
  attachDesks(cell, ports);
  const replayed = buffer.rewind();
  if (replayed > 0) telemetry.emit('EntriesReplayed', { count: replayed });

  return behaviour({
    machine: writerMachine,
    effects: {
      'effect.resume': () => {
        isRefusing = false;
        buffer.attach(schedulePump);
        schedulePump();
      },
      'effect.retryLater': ({ retryMs }) => {
        isRefusing = true;
        refusedAtMs = cell.clock.monotonicMs();
        buffer.detach();
        cell.scope.after(retryMs, () => cell.raise({ type: 'retryDue' }));
      },
      'effect.finish': () => {
        isFinishing = true;
        schedulePump();
      },
      'effect.stopThread': () => {
        buffer.detach();
        host.post({ type: 'stop' });
      },
    },
    status: () => {
      const percent = healing.percent('ledger');
      if (percent !== undefined) return { state: 'healing', note: `${percent} %` };
      const refusedForMs = cell.clock.monotonicMs() - (refusedAtMs ?? -Infinity);
      if (isRefusing || refusedForMs < REFUSED_SHOWN_MS) return { state: 'refusing' };
      return { state: buffer.isEmpty ? 'idle' : 'committing' };
    },
  });
}

function handOver(buffer: IngestBuffer, host: Pick<Host, 'post'>): void {
  for (let message = buffer.take(); message; message = buffer.take()) host.post(message);
}

/** The database must stay where it is; while it is healed there is none. */
function lookAtPlace(
  cell: CellContext<never>,
  { healing, assertInPlace }: Pick<LedgerWriterPorts, 'healing' | 'assertInPlace'>,
): void {
  cell.scope.every(WRITER_LOOK_MS, () => {
    if (healing.percent('ledger') === undefined) assertInPlace();
  });
}

/** What others ask of the thread, beside the entries. */
function attachDesks(cell: CellContext<never>, { upkeep, healing, room }: LedgerWriterPorts): void {
  const host = cell.host!;
  cell.scope.defer('upkeep', () => upkeep.detach());
  const detach = healing.attach('ledger', (damage) => host.post({ ...damage, type: 'heal' }));
  cell.scope.defer('healing', detach);
  upkeep.attach(({ id, command }) => host.post({ type: 'upkeep', id, command }));
  cell.scope.defer('writer room', () => room.detach());
  room.attach((granted) => {
    host.post({ type: 'room', room: granted });
    // What was refused meanwhile need not wait for longer.
    if (granted !== 'none') cell.raise({ type: 'retryDue' });
  });
}

/** What the thread says, carried on: answers to clients, facts to followers, trouble to the machine. */
function takeMessages(
  cell: CellContext<never>,
  {
    buffer,
    upkeep,
    healing,
    telemetry,
    deliver,
    onCommitted,
    onHead,
    onRefused,
  }: LedgerWriterPorts,
  { onSettled, onProgress }: { onSettled(): unknown; onProgress(isStored: boolean): void },
): (message: FromLedger) => void {
  return (message) => {
    switch (message.type) {
      case 'committed':
        buffer.settle(message.batches, message.fileStarts);
        // What waited for this goes before the answers are passed on: the thread has nothing to do.
        onSettled();
        eachAnswers(message.answers, deliver);
        onCommitted(message);
        onProgress(message.block !== null);
        break;
      case 'refused':
        buffer.refuse(message.batches);
        eachAnswers(message.answers, deliver);
        telemetry.emit('StorageRefused', { code: message.code });
        onRefused(message.code);
        cell.raise({ type: 'refused', retryMs: message.retryMs });
        break;
      case 'rootOpened':
        buffer.settleRoot(message.batch, message);
        onProgress(false);
        break;
      case 'upkeep':
        if (message.ok) upkeep.answer(message.id, message);
        else upkeep.answer(message.id, { ok: false, error: new CodiError(message.code) });
        break;
      case 'fatal':
        throw new CodiError(message.code, { reason: message.message });
      case 'sys.ready':
        if (message.head) onHead(message.head);
        break;
      case 'healing':
      case 'unhealed':
        healing.take(message);
        break;
      case 'healed':
        healing.take(message);
        onHead(message.head);
        break;
      case 'sys.startFailed':
        break;
    }
  };
}
