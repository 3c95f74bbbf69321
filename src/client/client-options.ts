import type { LogPipelineLimits } from './log-pipeline-host.ts';
import { nodeClientPorts } from './ports.ts';
import type { ClientPorts } from './ports.ts';

/** How to connect, and the bounds of a client. */
export interface MonitorClientOptions {
  /** The daemon's Unix socket. */
  socketPath: string;
  /** Shown by the daemon as the name of this client. */
  clientName?: string;
  /**
   * Who writes the entries, a random UUID when absent. The daemon keeps the last sequence of each
   * producer: one that comes back under its old id goes on where it was. One client at a time.
   */
  producerId?: string;
  /** Session, tenant and user of everything sent, where a message names none itself. */
  sessionId?: string;
  tenantId?: string;
  userId?: string;
  connectTimeoutMs?: number;
  requestTimeoutMs?: number;
  /** Entries, and bytes of them, that travel unanswered. */
  windowCount?: number;
  windowBytes?: number;
  /** Entries, and bytes of them, that wait behind the window. */
  backlogCount?: number;
  backlogBytes?: number;
  /** How long entries are kept and retried without success before they fail; 30 s when absent. */
  deadlineMs?: number;
  /** Attempts of the first connect; delays between attempts grow from `minMs` to `maxMs`. */
  retry?: { attempts?: number; minMs?: number; maxMs?: number };
  /** For tests. */
  ports?: ClientPorts;
}

/** The options with every choice made. */
export interface ResolvedOptions {
  socketPath: string;
  clientName: string;
  producerId: string;
  sessionId: string | undefined;
  tenantId: string | undefined;
  userId: string | undefined;
  connectTimeoutMs: number;
  requestTimeoutMs: number;
  attempts: number;
  delays: { minMs: number; maxMs: number };
  limits: LogPipelineLimits;
  ports: ClientPorts;
}

const MEBIBYTE = 1024 * 1024;

export function withDefaults(options: MonitorClientOptions): ResolvedOptions {
  const ports = options.ports ?? nodeClientPorts();
  const requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
  return {
    socketPath: options.socketPath,
    clientName: options.clientName ?? 'codi-client',
    producerId: options.producerId ?? ports.newId(),
    sessionId: options.sessionId,
    tenantId: options.tenantId,
    userId: options.userId,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    requestTimeoutMs,
    attempts: options.retry?.attempts ?? 3,
    delays: { minMs: options.retry?.minMs ?? 100, maxMs: options.retry?.maxMs ?? 5_000 },
    limits: {
      windowCount: options.windowCount ?? 4096,
      windowBytes: options.windowBytes ?? 4 * MEBIBYTE,
      backlogCount: options.backlogCount ?? 65_536,
      backlogBytes: options.backlogBytes ?? 64 * MEBIBYTE,
      deadlineMs: options.deadlineMs ?? 30_000,
      answerTimeoutMs: requestTimeoutMs,
    },
    ports,
  };
}
