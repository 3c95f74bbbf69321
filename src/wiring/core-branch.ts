import { randomUUID } from 'node:crypto';
import { sessionsSpec } from '../actors/coordination/sessions.actor.ts';
import { ledgerWriterSpec } from '../actors/storage/ledger-writer.actor.ts';
import { maintenanceSpec } from '../actors/storage/maintenance.actor.ts';
import { notarySpec } from '../actors/storage/notary.actor.ts';
import { readersSpec } from '../actors/storage/readers.actor.ts';
import { retentionSpec } from '../actors/storage/retention.actor.ts';
import { stateWriterSpec } from '../actors/storage/state-writer.actor.ts';
import { telemetrySpec } from '../actors/telemetry/telemetry.actor.ts';
import { createArchivePool } from '../platform/archive-pool.ts';
import { diskSpace } from '../platform/disk-space.ts';
import { processState } from '../platform/process-watch.ts';
import { createReaderPool } from '../platform/reader-pool.ts';
import { openRuntimeMeter } from '../platform/runtime-meter.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import type { ChildSpec, SupervisorSpec } from '../supervisor/index.ts';
import { reservedBytes } from '../workers/storage/archive/reserve-file.ts';
import type { ArchiveOptions } from '../workers/storage/archive.messages.ts';
import type { NotaryOptions } from '../workers/storage/notary.messages.ts';
import type { CheckpointOptions, WalSizes } from '../workers/storage/checkpoint.messages.ts';
import type { LedgerOptions } from '../workers/storage/ledger.messages.ts';
import { assertInPlace } from '../workers/storage/held-directory.ts';
import type { ReaderOptions } from '../workers/storage/reader.messages.ts';
import { StoreGate, type FileIdentity } from '../workers/storage/store-gate.ts';
import type { StoreKind } from '../workers/storage/open-database.ts';
import type { StateOptions } from '../workers/storage/state.messages.ts';
import type { KeyOptions } from '../workers/storage/worker-data.ts';
import { measure } from './measurements.ts';
import { retentionAct } from './retention-act.ts';
import { workerEntry } from '../config/package-files.ts';
import { BRANCH, type Shared } from './shared.ts';

const READER_QUEUE_MAX = 1_000;
const READER_IDLE_MS = 10_000;
const MEBIBYTE = 1024 * 1024;
/** A log that is held this many times as long as a writer would let it grow is worth a word. */
const LONG_WAL_FACTOR = 4;
/** One archives; the others answer questions about the store and back it up. */
const ARCHIVE_THREADS_MAX = 3;
const ARCHIVE_QUEUE_MAX = 64;
const ARCHIVE_IDLE_MS = 2_000;

/** What watches the process, and storage: two writers, the readers, and what keeps the files short. */
export function coreBranch(shared: Shared): SupervisorSpec {
  const storage: SupervisorSpec = {
    type: 'supervisor',
    id: 'storage',
    strategy: 'one_for_one',
    ...BRANCH,
    // Stopped bottom to top: the notary signs what the writers left.
    children: [
      notary(shared),
      ledger(shared),
      state(shared),
      readers(shared),
      maintenance(shared),
      retention(shared),
    ],
  };
  return {
    type: 'supervisor',
    id: 'core',
    strategy: 'one_for_one',
    ...BRANCH,
    children: [telemetry(shared), storage, coordination(shared)],
  };
}

/** What is going on among those who work here. */
function coordination(shared: Shared): SupervisorSpec {
  const { lives, sessions, sessionDesk, book, reader } = shared;
  const endedMax = shared.options.config.limits.rememberedSessionCount;
  const children = [
    sessionsSpec({
      lives,
      worked: sessions,
      keeper: sessionDesk,
      list: () => book.request({ type: 'listSessions', endedMax }, { isPatient: true }),
      lastEntryMs: async (sessionId) => {
        const filter = { session_id: sessionId };
        const { rows } = await reader.run('queryLogs', { filter, limit: 1, count: 'none' });
        return rows[0] && Date.parse(rows[0].timestamp);
      },
      stateOf: processState,
    }),
  ];
  return { type: 'supervisor', id: 'coordination', strategy: 'one_for_one', ...BRANCH, children };
}

function telemetry(shared: Shared): ChildSpec {
  return telemetrySpec({
    openMeter: openRuntimeMeter,
    measure: () => measure(shared),
    telemetry: shared.options.telemetry,
  });
}

function notary(shared: Shared): ChildSpec {
  const { config, dataDir, audit } = shared.options;
  const data = {
    dataDir,
    directory: shared.dataDirIdentity,
    ...keyOf(shared),
    commits: shared.commits,
    gate: shared.gate,
    ...audit,
    intervalMs: config.audit.checkpointIntervalMs,
    blocks: config.audit.checkpointBlocksCount,
    historyIntervalMs: config.audit.historyIntervalMs,
    historyCount: config.audit.historyCount,
  } satisfies NotaryOptions & KeyOptions;
  return notarySpec(workerEntry('storage/notary.worker.js'), data, {
    book: shared.notary,
    onMessage: (message) => {
      if (message.type === 'damage') shared.healing.report(message.damage);
      else shared.audit.take(message);
    },
  });
}

function ledger(shared: Shared): ChildSpec {
  const { config, telemetry, dataDir } = shared.options;
  const { storage, general } = config;
  const data = {
    dataDir,
    directory: shared.dataDirIdentity,
    ...keyOf(shared),
    commits: shared.commits,
    gate: shared.gate,
    healsPerHour: storage.healsPerHourCount,
    groupBytes: storage.groupLimitBytes,
    groupDelayMs: storage.groupDelayMs,
    recentIds: storage.recentIdsCount,
    fullText: storage.fullText,
    runId: randomUUID(),
    walRestartBytes: storage.walRestartBytes,
    cacheBytes: storage.cacheSizeMb * MEBIBYTE,
    tenantId: general.tenantId ?? null,
    userId: general.userId ?? null,
    sessionId: general.sessionId ?? null,
  } satisfies LedgerOptions & KeyOptions;
  return ledgerWriterSpec(workerEntry('storage/ledger.worker.js'), data, {
    buffer: shared.buffer,
    upkeep: shared.upkeep,
    healing: shared.healing,
    room: shared.retention.room,
    telemetry,
    ...placeOf('ledger', shared),
    onRefused: (code) => {
      if (code === 'CODI_DISK_FULL')
        shared.retention.press('full', shared.options.environment.clock.nowMs());
    },
    deliver: (answers) => shared.desk.deliver(answers),
    onCommitted: (fact) => {
      shared.facts.record(fact);
      if (fact.block !== null) shared.retention.worked();
      for (const [code, count] of Object.entries(fact.rejected))
        telemetry.emit('EntriesRejected', { code: code as ErrorCode, count });
      telemetry.emit('EntriesCommitted', {
        count: fact.logs?.count ?? 0,
        fileEvents: fact.files?.count ?? 0,
        bytes: fact.bytes,
        durationMs: fact.durationMs,
      });
    },
    onHead: (head) => shared.facts.load(head),
  });
}

/** What a writer's actor asks about the file of its store, and tells those who open it, too. */
function placeOf(kind: StoreKind, { options, dataDirIdentity, gate: words }: Shared) {
  const gate = new StoreGate(words);
  const isOpened = (file: FileIdentity) => gate.isOpened(kind, file);
  return {
    assertInPlace: () => assertInPlace(options.dataDir, `${kind}.db`, dataDirIdentity, isOpened),
    onEnd: () => gate.change(kind),
  };
}

function state(shared: Shared): ChildSpec {
  const { config, dataDir } = shared.options;
  const { walRestartBytes, healsPerHourCount: healsPerHour } = config.storage;
  const { commits, gate, book, healing } = shared;
  const data = {
    dataDir,
    directory: shared.dataDirIdentity,
    ...keyOf(shared),
    commits,
    gate,
    walRestartBytes,
    healsPerHour,
  } satisfies StateOptions & KeyOptions;
  return stateWriterSpec(workerEntry('storage/state.worker.js'), data, {
    book,
    healing,
    ...placeOf('state', shared),
  });
}

function readers(shared: Shared): ChildSpec {
  const { config, dataDir } = shared.options;
  const { readerTimeoutMs, readerThreadsCount, archiveCacheBytes } = config.storage;
  return readersSpec({
    port: shared.reader,
    onDamage: (damage) => shared.healing.report(damage),
    createPool: (onFailure) =>
      createReaderPool({
        entry: workerEntry('storage/reader.worker.js'),
        data: { dataDir, archiveCacheBytes, ...keyOf(shared) } satisfies ReaderOptions & KeyOptions,
        threadsMax: readerThreadsCount,
        queueMax: READER_QUEUE_MAX,
        idleMs: READER_IDLE_MS,
        timeoutMs: readerTimeoutMs,
        onFailure,
      }),
  });
}

function maintenance(shared: Shared): ChildSpec {
  const { config, dataDir, telemetry } = shared.options;
  const { storage } = config;
  const data = {
    dataDir,
    ...keyOf(shared),
    commits: shared.commits,
    gate: shared.gate,
    intervalMs: storage.checkpointIntervalMs,
    ...(storage.isScrubbing && {
      scrub: { percent: storage.scrubPercent, intervalMs: storage.scrubIntervalMs },
    }),
  } satisfies CheckpointOptions & KeyOptions;
  const onSizes = (sizes: WalSizes) => {
    shared.walBytes = sizes.ledgerWalBytes + sizes.stateWalBytes;
    const isLong = sizes.heldWalBytes >= LONG_WAL_FACTOR * storage.walRestartBytes;
    shared.heldWalBytes = isLong ? sizes.heldWalBytes : undefined;
    telemetry.emit('WalMeasured', sizes);
  };
  const { scrub } = shared;
  return maintenanceSpec(workerEntry('storage/checkpoint.worker.js'), data, { onSizes, scrub });
}

function retention(shared: Shared): ChildSpec {
  const { config, dataDir, telemetry } = shared.options;
  const { storage } = config;
  return retentionSpec({
    policy: storage,
    intervalMs: storage.retentionIntervalMs,
    writer: shared.upkeep,
    desk: shared.retention,
    createPool: (onFailure) =>
      createArchivePool({
        entry: workerEntry('storage/archive.worker.js'),
        data: {
          dataDir,
          directory: shared.dataDirIdentity,
          ...keyOf(shared),
        } satisfies ArchiveOptions & KeyOptions,
        threadsMax: ARCHIVE_THREADS_MAX,
        queueMax: ARCHIVE_QUEUE_MAX,
        idleMs: ARCHIVE_IDLE_MS,
        onFailure,
      }),
    disk: () => diskSpace(dataDir),
    reservedBytes: () => reservedBytes(dataDir),
    telemetry,
    onDamage: (damage) => shared.healing.report({ store: 'ledger', ...damage }),
    record: (report) => shared.acts.record(retentionAct(report)),
  });
}

/** What lets a thread open the store; it is in no message, view or report. */
function keyOf({ options: { encryptionKey } }: Shared): KeyOptions {
  return encryptionKey ? { encryptionKey } : {};
}
