import { debugSpec } from '../actors/debug/debug.actor.ts';
import type { DebugPorts } from '../actors/debug/ports.ts';
import type { TopFrameView } from '../protocol/debug/actor-views.ts';
import { activeHandles, ProcessFacts } from '../platform/process-facts.ts';
import type { ChildSpec } from '../supervisor/index.ts';
import type { DebugLimits, DebugThreadData } from '../workers/debug/debug.messages.ts';
import { describeUser } from '../protocol/peer-user.ts';
import { workerEntry } from '../config/package-files.ts';
import type { Shared } from './shared.ts';
import { statusBody } from './status.ts';

/** Every answer comes within 200 ms: so long it waits for the main thread. */
const ANSWER_TIMEOUT_MS = 150;

/** The window into the tree: first to start, last to stop. */
export function debugBranch(shared: Shared): ChildSpec {
  const { debugSocketPath, version, pid } = shared.options;
  const data = {
    socketPath: debugSocketPath,
    server: version,
    pid,
    canWrite: mayWrite(shared),
    // Read when the thread starts: the system is made after the specs.
    get inFlight() {
      return shared.system.inFlightBuffer();
    },
    limits: limitsOf(shared),
  } satisfies DebugThreadData;
  return debugSpec(workerEntry('debug/debug.worker.js'), data, portsOf(shared));
}

function mayWrite(shared: Shared): boolean {
  return shared.options.config.debug.mayWrite ?? false;
}

function limitsOf(shared: Shared): DebugLimits {
  const { debug } = shared.options.config;
  return {
    connections: debug.connectionLimitCount,
    requestBytes: debug.requestLimitBytes,
    requestsWaiting: debug.requestsWaitingCount,
    requestsPerSecond: debug.requestsPerSecond,
    sendBytes: debug.sendLimitBytes,
    subscriptions: debug.subscriptionLimitCount,
    slowAfterMs: debug.slowAfterMs,
    traceEvents: debug.traceEventsCount,
    traceMs: debug.traceLimitMs,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  };
}

function portsOf(shared: Shared): DebugPorts {
  const { acts, reports, options, startedAtMs } = shared;
  const facts = new ProcessFacts();
  return {
    system: () => shared.system,
    reportCount: () => reports.count,
    onReport: (listener) => reports.onReport(listener),
    measure: () => facts.read(),
    endMeasuring: () => facts.end(),
    service: () => serviceOf(shared),
    handles: activeHandles,
    recordAct: ({ verb, subject, outcome, data, peer }) =>
      acts.record({
        kind: `debug.${verb}`,
        subject,
        actor: `debug socket, ${describeUser(peer)}`,
        data: { outcome, ...data },
      }),
    startedAtMs,
    canWrite: mayWrite(shared),
    traceEventsPerSecond: options.config.debug.traceEventsPerSecond,
  };
}

function serviceOf(shared: Shared): TopFrameView['service'] {
  const { facts, desk, roots, walBytes } = shared;
  const { entries, entriesPerSecond } = facts.summary();
  return {
    state: statusBody(shared).state ?? 'unknown',
    entries,
    entries_per_second: entriesPerSecond,
    ...(walBytes !== undefined && { wal_bytes: walBytes }),
    clients: desk.connected,
    files: roots.files,
  };
}
