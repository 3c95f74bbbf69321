/**
 * Composition root: takes the data directory, builds the tree from its branches and hands back a running daemon.
 * Only this file and src/wiring know all parts.
 */
import { showBytePath } from './protocol/byte-path.ts';
import { CodiError } from './protocol/errors.ts';
import {
  EarlyHosts,
  StartError,
  startSystem,
  type ExitReason,
  type SupervisorSpec,
} from './supervisor/index.ts';
import { coreBranch } from './wiring/core-branch.ts';
import { holdDataDirectory } from './wiring/data-directory.ts';
import { debugBranch } from './wiring/debug-branch.ts';
import { keptReports } from './wiring/healing-reports.ts';
import { redactContext } from './wiring/redaction.ts';
import type { Restart } from './wiring/report-desk.ts';
import { servingBranch } from './wiring/serving-branch.ts';
import { BRANCH, shareParts, type DaemonOptions, type Shared } from './wiring/shared.ts';
import { watchHostProcess } from './wiring/watch-host-process.ts';
import { watchingBranch } from './wiring/watching-branch.ts';
import { prepareLegacySocket, prepareSocketDirectory } from './platform/unix-socket.ts';
import { removeStaleSocket } from './workers/debug/stale-socket.ts';

export type { DaemonOptions } from './wiring/shared.ts';

export interface Daemon {
  /** When everything that was on disk at the start is recorded. */
  settled: Promise<void>;
  /** When the root itself gave up; the process should then exit with code 70. */
  ended: Promise<ExitReason>;
  watched(): { roots: string[]; files: number };
  /** Where metrics and health are served, while they are. */
  readonly httpUrl: string | undefined;
  onRestart(listener: (restart: Restart) => void): void;
  /** Drains and stops in order; `entries` is how many the ledger holds then. */
  stop(): Promise<{ entries: number; unstopped: string[]; durationMs: number }>;
}

/** How exactly the next daemon knows when this one was alive last, if it is killed. */
const ALIVE_MS = 10_000;

/** Starts a daemon on a data directory that nobody else holds. Throws CodiError. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { dataDir, socketPath, debugSocketPath, legacySocketPath, environment, telemetry } =
    options;
  prepareSocketDirectory(socketPath, options.uid);
  prepareSocketDirectory(debugSocketPath, options.uid);
  if (legacySocketPath !== undefined) prepareLegacySocket(legacySocketPath, options.uid);
  const card = {
    pid: options.pid,
    version: options.version,
    socket_path: socketPath,
    debug_socket_path: debugSocketPath,
    started_at: new Date(environment.clock.nowMs()).toISOString(),
  };
  const held = holdDataDirectory(dataDir, card, options.encryptionKey);
  const early = new EarlyHosts(environment);
  early.start(watchHostProcess(options.config), 'watch host');
  const shared = shareParts({ ...options, environment: early.environment }, held);
  const heartbeat = setInterval(() => held.touchCard(), ALIVE_MS).unref();
  try {
    // Before any actor takes a socket over: a daemon of another data directory may be using them.
    for (const path of [socketPath, debugSocketPath, legacySocketPath])
      if (path !== undefined) await removeStaleSocket(path, options.uid);
    await shared.tokens.load();
    const root = rootSpec(shared);
    await startSystem(root, {
      environment: early.environment,
      onReport: (report) => shared.reports.take(report),
      redact: redactContext,
      onCreated: (system) => {
        shared.system = system;
        early.startAll(root);
      },
    });
  } catch (error) {
    clearInterval(heartbeat);
    // Threads that nobody took over have files of the store open.
    await early.release();
    held.release();
    throw startFailure(error);
  }
  void early.release();
  for (const report of keptReports(dataDir)) shared.healing.remember(report);
  telemetry.emit('DaemonStarted', { pid: options.pid, version: options.version });
  return handleOf(shared, () => {
    clearInterval(heartbeat);
    held.release();
  });
}

function rootSpec(shared: Shared): SupervisorSpec {
  return {
    type: 'supervisor',
    id: 'root',
    strategy: 'one_for_one',
    ...BRANCH,
    // Stopped bottom to top: producers before what they feed, and the window into the tree last.
    children: [
      debugBranch(shared),
      coreBranch(shared),
      watchingBranch(shared),
      servingBranch(shared),
    ],
  };
}

function handleOf(shared: Shared, release: () => void): Daemon {
  const { system, roots, reports, facts, options } = shared;
  return {
    settled: shared.settled,
    ended: system.settled,
    watched: () => ({
      roots: roots.all().map((root) => showBytePath(root.path).path),
      files: roots.files,
    }),
    get httpUrl() {
      return shared.httpDoor.url;
    },
    onRestart: (listener) => reports.onRestart(listener),
    stop: async () => {
      shared.isStopping = true;
      const { durationMs, unstopped } = await system.stop();
      await shared.tokens.close(unstopped.length === 0);
      release();
      options.telemetry.emit('DaemonStopped', { durationMs: Math.round(durationMs) });
      return {
        durationMs,
        entries: facts.summary().entries,
        unstopped: unstopped.map(({ path }) => path),
      };
    },
  };
}

/** What a person can do something about keeps its code; the rest names the actor that did not start. */
function startFailure(error: unknown): unknown {
  if (!(error instanceof StartError)) return error;
  const { reason } = error;
  const cause = 'error' in reason ? reason.error : undefined;
  if (cause instanceof StartError) return startFailure(cause);
  if (cause instanceof CodiError) return cause;
  return new CodiError('CODI_INTERNAL', { reason: error.message }, { cause: error });
}
