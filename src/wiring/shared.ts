import { HttpDoor } from '../actors/serving/http-door.ts';
import { HealingDesk } from '../actors/storage/healing-desk.ts';
import { SpoolDesk } from '../actors/serving/spool-desk.ts';
import { ExportDesk } from '../actors/exports/export-desk.ts';
import { ExportNotices } from '../actors/exports/export-notices.ts';
import { IngestBuffer, type IngestLimits } from '../actors/storage/ingest-buffer.ts';
import { ReaderPort } from '../actors/storage/readers.actor.ts';
import { RequestBook } from '../actors/storage/request-book.ts';
import { ScrubDesk } from '../actors/storage/scrub-desk.ts';
import { RetentionDesk } from '../actors/storage/retention-desk.ts';
import { WriterAbsence } from '../actors/storage/writer-absence.ts';
import type { GapBook } from '../actors/watching/gap-book.ts';
import { HashingPort } from '../actors/watching/hashing.actor.ts';
import { HostRouter } from '../actors/watching/host-router.ts';
import { HostTable } from '../actors/watching/host-table.ts';
import { RootTable } from '../actors/watching/root-table.ts';
import type { RootRequest } from '../actors/watching/roots.actor.ts';
import type { EventLogTarget } from '../config/event-log-plan.ts';
import type { ExportPlan } from '../config/export-plan.ts';
import type { Config } from '../config/schema.ts';
import type { TlsFiles } from '../platform/tls-pair.ts';
import type { ReadPeerUser } from '../protocol/peer-user.ts';
import type { Environment, System } from '../supervisor/index.ts';
import type { TelemetryHub } from '../telemetry/telemetry.ts';
import { GATE_WORDS } from '../workers/storage/healing.messages.ts';
import type { NotaryCommand } from '../workers/storage/notary.messages.ts';
import type { UpkeepCommand } from '../workers/storage/archive.messages.ts';
import type { StateCommand } from '../workers/storage/state.messages.ts';
import { readTokenFile, writeTokenFile } from '../workers/storage/tokens/token-file.ts';
import { ActRecorder } from './act-recorder.ts';
import { AuditDesk } from './audit-desk.ts';
import { CommittedFacts } from './committed-facts.ts';
import type { HeldDataDirectory } from './data-directory.ts';
import { gapLedger } from './gap-ledger.ts';
import { healingAct, isReportKept } from './healing-reports.ts';
import { ReportDesk } from './report-desk.ts';
import { AnswerDesk } from './serving-ports.ts';
import { sessionParts, type SessionParts } from './session-parts.ts';
import { TokenDesk } from './token-desk.ts';

export interface DaemonOptions {
  config: Config;
  dataDir: string;
  socketPath: string;
  debugSocketPath: string;
  /** One more socket, for clients of the original protocol. */
  legacySocketPath?: string | undefined;
  /** Certificate and key of the TCP port, when they are not the data directory's own. */
  tlsFiles?: TlsFiles | undefined;
  /** Whose the process at the other end of a Unix socket is. */
  readPeerUser: ReadPeerUser;
  /** Watched for this run only; stored paths come on top. */
  roots: readonly RootRequest[];
  /** What is captured as exports, and where it is looked for beside the roots. */
  exportPlan: ExportPlan;
  /** Where file events are written as lines. */
  eventLogs?: readonly EventLogTarget[];
  environment: Environment;
  telemetry: TelemetryHub;
  version: string;
  pid: number;
  uid: number;
  /** Who signs checkpoints, and with which key when it is not the data directory's own. */
  audit: { origin: string; keyFile?: string };
  /** The main key of the store; absent: it is plain. */
  encryptionKey?: Uint8Array | undefined;
}

/** Where TCP listens, and what it asks for. */
export interface TcpDoor {
  port: number;
  address: string;
  tls: boolean;
  token: boolean;
  fingerprint?: string;
}

/** What the branches share. None of it belongs to an incarnation of an actor. */
export interface Shared extends SessionParts {
  options: DaemonOptions;
  dataDirIdentity: HeldDataDirectory['identity'];
  startedAtMs: number;
  buffer: IngestBuffer;
  acts: ActRecorder;
  book: RequestBook<StateCommand>;
  notary: RequestBook<NotaryCommand>;
  audit: AuditDesk;
  upkeep: RequestBook<UpkeepCommand>;
  retention: RetentionDesk;
  /** Where damage in a database is reported, whoever met it. */
  healing: HealingDesk;
  scrub: ScrubDesk;
  reader: ReaderPort;
  router: HostRouter;
  hosts: HostTable;
  hashing: HashingPort;
  desk: AnswerDesk;
  facts: CommittedFacts;
  /** Exports among the events on their way to the ledger. */
  notices: ExportNotices;
  exports: ExportDesk;
  roots: RootTable;
  /** What is in doubt about them. */
  gaps: GapBook;
  /** The daemon is on its way out. */
  isStopping: boolean;
  /** When a daemon was certainly alive before this one, as far as its card says. */
  lastAliveMs: number | undefined;
  reports: ReportDesk;
  httpDoor: HttpDoor;
  spools: SpoolDesk;
  tokens: TokenDesk;
  /** The TCP port, once it is open. */
  tcp: TcpDoor | undefined;
  /** When everything that was on disk at the start is recorded. */
  settled: Promise<void>;
  /** Commits counted per database (ledger, state), read by the checkpoint thread without asking. */
  commits: Int32Array;
  /** Keeps threads from opening a database that is being replaced: see StoreGate. */
  gate: Int32Array;
  /** Of both write-ahead logs together, as the checkpointer told last. */
  walBytes: number | undefined;
  /** What of them a reader keeps from being moved into the databases, when that is far more than there should be. */
  heldWalBytes: number | undefined;
  /** The ledger is another file than before. */
  onLedgerReplaced(): void;
  /** Set before the first actor starts. */
  system: System;
}

/** A supervisor of the daemon's own branches: three crashes in a minute, then its parent decides. */
export const BRANCH = { intensity: 3, periodMs: 60_000 } as const;

/** How many requests may wait for the state writer. */
const STATE_REQUESTS_MAX = 10_000;
/** How many questions about proofs may wait for the notary. */
const NOTARY_REQUESTS_MAX = 256;
/** How much upkeep may wait for the ledger writer; retention asks for one thing at a time. */
const UPKEEP_REQUESTS_MAX = 16;
/** How many commit groups may be at the ledger thread at once: the next is ready when one is done. */
const GROUPS_IN_FLIGHT = 2;
/** And how many messages: small ones wait here instead, and go together. */
const MESSAGES_IN_FLIGHT = 8;

export function shareParts(options: DaemonOptions, held: HeldDataDirectory): Shared {
  const { config, environment, telemetry, exportPlan } = options;
  let settle: () => void;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const roots = new RootTable(() => {
    if (roots.isSettled) settle();
  });
  const newAbsence = () => new WriterAbsence(() => environment.clock.monotonicMs());
  const buffer = new IngestBuffer(ingestLimits(config), newAbsence());
  const acts = new ActRecorder(buffer, telemetry, () => environment.clock.nowMs());
  const healing = new HealingDesk({
    telemetry,
    monotonicMs: () => environment.clock.monotonicMs(),
    isKept: (report) => isReportKept(options.dataDir, report),
    onHealed: (report, isNew) => {
      acts.record(healingAct(report));
      if (isNew && report.store === 'ledger') shared.onLedgerReplaced();
    },
  });
  const facts = new CommittedFacts(() => environment.clock.nowMs());
  const gaps = gapLedger({ clock: environment.clock, telemetry, acts, facts });
  const book = new RequestBook<StateCommand>(STATE_REQUESTS_MAX, newAbsence());
  const retention = new RetentionDesk();
  // What was given up for the start is for making more of it.
  if (held.wasFull) retention.room.change('inside');
  const shared: Shared = {
    options,
    dataDirIdentity: held.identity,
    startedAtMs: environment.clock.nowMs(),
    buffer,
    acts,
    book,
    notary: new RequestBook<NotaryCommand>(NOTARY_REQUESTS_MAX),
    audit: new AuditDesk(telemetry, (act) => acts.record(act)),
    upkeep: new RequestBook<UpkeepCommand>(UPKEEP_REQUESTS_MAX),
    retention,
    healing,
    scrub: new ScrubDesk(telemetry, (damage) => healing.report(damage)),
    gate: new Int32Array(new SharedArrayBuffer(GATE_WORDS * Int32Array.BYTES_PER_ELEMENT)),
    reader: new ReaderPort(),
    ...{ router: new HostRouter(), hosts: new HostTable(telemetry) },
    hashing: new HashingPort(config.monitor.checksumThreadsCount),
    desk: new AnswerDesk(),
    facts,
    ...{ notices: new ExportNotices(exportPlan.rules), exports: new ExportDesk(), roots },
    gaps,
    isStopping: false,
    lastAliveMs: held.lastAliveMs,
    reports: new ReportDesk(telemetry),
    spools: new SpoolDesk(),
    ...sessionParts({ book, config, clock: environment.clock, telemetry }),
    httpDoor: new HttpDoor((url) => held.changeCard({ http_url: url })),
    tokens: newTokens(options, acts),
    tcp: undefined,
    settled,
    commits: new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
    walBytes: undefined,
    heldWalBytes: undefined,
    system: undefined as unknown as System,
    onLedgerReplaced: () => startWatchersAnew(shared.system),
  };
  return shared;
}

function ingestLimits({ limits, storage }: Config): IngestLimits {
  return {
    limitBytes: limits.ingestLimitBytes,
    limitFrames: limits.ingestLimitFrames,
    connectionBytes: limits.connectionIngestLimitBytes,
    batchBytes: storage.groupLimitBytes,
    inFlightBytes: GROUPS_IN_FLIGHT * storage.groupLimitBytes,
    inFlightCount: MESSAGES_IN_FLIGHT,
  };
}

function newTokens(options: DaemonOptions, acts: ActRecorder): TokenDesk {
  const { config, environment, telemetry } = options;
  return new TokenDesk({
    read: () => readTokenFile(options.dataDir, options.uid),
    write: (content) => writeTokenFile(options.dataDir, content),
    clock: environment.clock,
    telemetry,
    record: (act) => acts.record(act),
    failuresPerMinute: config.limits.tokenFailuresPerMinute,
  });
}

/** What they know of the index may not be in the new one: they read it again, and look at the disk. */
function startWatchersAnew(system: System): void {
  const watchers = system.whichChildren('watching/watchers');
  if (watchers === 'noproc') return;
  const why = 'the ledger was healed';
  system.kill('watching/exports', { why });
  for (const { path } of watchers) system.kill(path, { why });
}
