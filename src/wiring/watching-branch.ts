import type { RequestBook } from '../actors/storage/request-book.ts';
import type { ContentSettings } from '../actors/watching/content/content-ports.ts';
import { hashingSpec } from '../actors/watching/hashing.actor.ts';
import {
  rootsSpec,
  type RootRequest,
  type RootsMessage,
  type RootsPorts,
} from '../actors/watching/roots.actor.ts';
import { watchHostSpec } from '../actors/watching/watch-host.actor.ts';
import { watcherId } from '../actors/watching/watcher-id.ts';
import { watcherSpec } from '../actors/watching/watcher.actor.ts';
import type { RootLedgerPort, WatcherInput } from '../actors/watching/watcher-ports.ts';
import { createHashingPool } from '../platform/hashing-pool.ts';
import { HAS_RECURSIVE_WATCHES } from '../platform/recursive-watching.ts';
import { resolveWatchedPath } from '../platform/watched-path.ts';
import { StartError, type ChildSpec, type SupervisorSpec } from '../supervisor/index.ts';
import type {
  ChangeResult,
  MonitoredPath,
  StateCommand,
} from '../workers/storage/state.messages.ts';
import type { HostLimits, RootOptions } from '../workers/watch-host/watch-host.messages.ts';
import { eventLogActors, ownLogs } from './event-log-branch.ts';
import { exportsActor } from './exports-branch.ts';
import { loadOpenGaps } from './gap-ledger.ts';
import { hostCount } from './host-count.ts';
import { workerEntry } from '../config/package-files.ts';
import { BRANCH, type Shared } from './shared.ts';
import { watchHostProcess } from './watch-host-process.ts';

/** Its scans run in slices of milliseconds; a busy machine may still keep it from its turn for seconds. */
const HOST_SILENCE_LIMIT_MS = 10_000;
/** Hints of one moment are looked at together; short enough for a change to be recorded within 20 ms. */
const COALESCE_MS = 8;
/** Tasks that may wait for a thread: each root has one of each kind at most. */
const HASHING_QUEUE_MAX = 64;
/** Starting a thread takes longer than reading a file, and changes wait for it. */
const HASHING_IDLE_MS = 300_000;

/** Hosts, watchers, and who decides what is watched. Whoever comes later depends on what came before. */
export function watchingBranch(shared: Shared): SupervisorSpec {
  return {
    type: 'supervisor',
    id: 'watching',
    strategy: 'rest_for_one',
    ...BRANCH,
    children: [
      { type: 'supervisor', id: 'hosts', strategy: 'dynamic', ...BRANCH },
      { type: 'supervisor', id: 'watchers', strategy: 'dynamic', ...BRANCH },
      roots(shared),
      ...(shared.options.config.exports.isEnabled ? [exportsActor(shared)] : []),
      ...(isHashing(shared) ? [hashing(shared)] : []),
      ...eventLogActors(shared),
    ],
  };
}

function isHashing({ options }: Shared): boolean {
  return options.config.monitor.checksum !== 'off';
}

/** Last of all: whoever asks for files to be read goes on without when it is away. */
function hashing(shared: Shared): ChildSpec {
  const { config, dataDir } = shared.options;
  return hashingSpec({
    port: shared.hashing,
    createPool: (onFailure) =>
      createHashingPool({
        entry: workerEntry('hashing/hashing.worker.js'),
        dataDir,
        threadsMax: config.monitor.checksumThreadsCount,
        queueMax: HASHING_QUEUE_MAX,
        idleMs: HASHING_IDLE_MS,
        onFailure,
      }),
  });
}

function contentSettings({ options }: Shared): ContentSettings {
  const { monitor } = options.config;
  return {
    atOnceBytes: monitor.checksumAtOnceBytes,
    waitMs: monitor.checksumWaitMs,
    maxBytes: monitor.checksumMaxBytes,
    intervalMs: monitor.checksumIntervalMs,
    rateBytes: monitor.checksumRateBytes,
    owedMax: monitor.checksumQueueCount,
  };
}

function roots(shared: Shared): ChildSpec {
  const { options, roots: table, dataDirIdentity } = shared;
  return rootsSpec({
    table,
    gaps: shared.gaps,
    loadGaps: () => loadOpenGaps(shared.reader),
    initial: options.roots,
    extra: options.exportPlan.folders.map(({ path, patterns }) => ({
      path,
      patterns,
      recursive: true,
    })),
    store: rootStore(shared.book),
    hostCount: hostCount(options.config.monitor),
    prefersRecursive: HAS_RECURSIVE_WATCHES,
    resolvePath: async (path) => resolveWatchedPath(path, dataDirIdentity),
    options: (request) => rootOptions(shared, request),
    children: rootChildren(shared),
  });
}

function rootChildren(shared: Shared): RootsPorts['children'] {
  const { router, options } = shared;
  const { telemetry } = options;
  const start = async (supervisor: string, spec: ChildSpec) => {
    const started = await shared.system.startChild(supervisor, spec);
    // A host outlives the actor that started it.
    if (started.ok || started.error === 'already_started') return;
    const path = `${supervisor}/${spec.id}`;
    // The reason stays one: a kill by an operator is not to count against whoever waited for the victim.
    if (typeof started.error === 'object') throw new StartError(path, started.error.startFailed);
    throw new Error(`'${path}' did not start: ${started.error}`);
  };
  const hostProcess = watchHostProcess(options.config);
  // The hosts there are share what the user is allowed.
  const hosts = new Set<string>();
  const limits = () => hostLimits(options.config.monitor, hosts.size);
  return {
    startHost: async (id) => {
      if (!hosts.has(id)) {
        hosts.add(id);
        router.postAll({ type: 'limits', limits: limits() });
      }
      const spec = watchHostSpec(id, hostProcess, {
        ...{ router, telemetry, table: shared.hosts },
        silenceLimitMs: HOST_SILENCE_LIMIT_MS,
        startTimeoutMs: options.config.monitor.hostStartTimeoutMs,
        limits,
        budget: {
          memoryBytes: options.config.monitor.hostMemoryBytes,
          descriptors: options.config.monitor.hostDescriptorsCount,
        },
      });
      await start('watching/hosts', spec).catch((error: unknown) => {
        hosts.delete(id);
        throw error;
      });
    },
    stopHost: async (id) => {
      if (!hosts.delete(id)) return;
      await shared.system.terminateChild('watching/hosts', id);
      router.forgetHost(id);
      router.postAll({ type: 'limits', limits: limits() });
    },
    assignHost: (root, host) => router.assign(root, host),
    startWatcher: (input) => start('watching/watchers', watcher(shared, input)),
    stopWatcher: async (path) => {
      await shared.system.terminateChild('watching/watchers', watcherId(path));
      await shared.system.deleteChild('watching/watchers', watcherId(path));
    },
    watcher: (path) => shared.system.ref(`watching/watchers/${watcherId(path)}`),
  };
}

function hostLimits(monitor: Shared['options']['config']['monitor'], hosts: number): HostLimits {
  return {
    hosts,
    watchSharePercent: monitor.watchSharePercent,
    watchesCount: monitor.hostWatchesCount,
    coverageIntervalMs: monitor.coverageIntervalMs,
    readAhead: {
      looksCount: monitor.readAheadCount,
      aboveMs: monitor.readAheadAboveMicros / 1_000,
    },
  };
}

function watcher(shared: Shared, input: WatcherInput): ChildSpec {
  const { router, roots: table, reader, sessions, options } = shared;
  return watcherSpec(input, {
    ledger: rootLedger(shared),
    router,
    table,
    gaps: shared.gaps,
    lastWatchedMs: () => lastWatchedMs(shared),
    isStopping: () => shared.isStopping,
    telemetry: options.telemetry,
    sessions,
    ...(isHashing(shared) && {
      content: { reader: shared.hashing, settings: contentSettings(shared) },
    }),
    moveToRecursiveHost: (root) =>
      void shared.system
        .ref<RootsMessage>('watching/roots')
        .send({ type: 'moveToRecursiveHost', root }),
    indexPage: (rootPath, afterPath, limit) =>
      reader.run('indexPage', { rootPath, afterPath: afterPath ?? null, limit }),
    countDirectories: (rootPath, limit) => reader.run('countDirectories', { rootPath, limit }),
    loadIndex: (rootPath, afterPath, limit) =>
      reader.run('loadIndex', { rootPath, afterPath: afterPath ?? null, limit }),
  });
}

/** The ledger, and a word to the exports actor when there is something for it. */
function rootLedger({ buffer, notices }: Shared): RootLedgerPort {
  return {
    openRoot: (path, onDone) => buffer.openRoot(path, onDone),
    offerFileEvents: (batch) => {
      const committed = notices.offered(batch.rootPath, batch.events);
      const { onCommitted } = batch;
      buffer.offerFileEvents({
        ...batch,
        onCommitted: (firstSeq, moves) => {
          committed();
          onCommitted(firstSeq, moves);
        },
      });
    },
  };
}

/** Whatever an earlier daemon wrote or touched last: it was alive then, and watching. */
function lastWatchedMs({ facts, lastAliveMs, options }: Shared): number {
  const nowMs = options.environment.clock.nowMs();
  const lastMs = Math.max(facts.earlierCommitMs ?? 0, lastAliveMs ?? 0);
  return lastMs === 0 ? nowMs : Math.min(lastMs, nowMs);
}

/** Stored paths live in the state database. */
function rootStore(book: RequestBook<StateCommand>): RootsPorts['store'] {
  return {
    list: async () => {
      const command = { type: 'listMonitoredPaths', activeOnly: true } as const;
      const rows = await book.request<MonitoredPath[]>(command, { isPatient: true });
      return rows.map(({ path, recursive, patterns, poll, createdAt }) => ({
        path,
        recursive,
        patterns,
        isPolled: poll,
        createdAtMs: createdAt.seconds * 1_000 + Math.floor(createdAt.nanos / 1_000_000),
      }));
    },
    add: async ({ path, recursive, patterns, isPolled }) => {
      await book.request({
        ...{ type: 'monitoredPathAdd', path, recursive, patterns: [...patterns] },
        poll: isPolled === true,
      });
    },
    remove: async (path) => {
      const result = await book.request<ChangeResult>({ type: 'monitoredPathRemove', path });
      return result.changed;
    },
  };
}

function rootOptions(shared: Shared, request: RootRequest): RootOptions {
  const { config, exportPlan } = shared.options;
  const { monitor, exports } = config;
  return {
    recursive: request.recursive,
    patterns: [...request.patterns],
    ignore: [...monitor.ignore],
    useDefaultIgnores: monitor.useDefaultIgnores,
    exports: {
      patterns: [...exportPlan.rules.patterns],
      ignoredDepth: exports.ignoredDepthCount,
      ignoredDirectories: exports.ignoredFoldersCount,
    },
    useGitignore: monitor.useGitignore,
    hintSource: monitor.hintSource,
    directoryBudget: monitor.directoryBudgetCount,
    settleMs: monitor.settleMs,
    settleMaxMs: monitor.settleMaxMs,
    sweepIntervalMs: monitor.scanIntervalMs,
    pollIntervalMs: monitor.pollIntervalMs,
    ...(request.isPolled && { pollReason: 'asked for' }),
    coalesceMs: COALESCE_MS,
    debounceMs: monitor.debounceMs,
    eventsPerSecond: monitor.rateLimitCount,
    batchCount: monitor.fileBatchCount,
    ...(monitor.transients !== 'off' && {
      transients: {
        isInSteps: monitor.transients === 'steps',
        perSecond: monitor.transientRateCount,
      },
    }),
    own: ownLogs(shared.options.eventLogs ?? [], request.path),
    deny: [shared.dataDirIdentity],
  };
}
