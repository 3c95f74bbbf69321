import { CodiError } from '../protocol/errors.ts';
import { findPlaces } from '../protocol/places.ts';
import type { ClientEvent } from './client-events.ts';
import type { LogPipelineLimits } from './log-pipeline-host.ts';
import { nodeClientPorts } from './ports.ts';
import type { ClientPorts } from './ports.ts';
import { spoolSettings } from './spool/settings.ts';
import type { SpoolOptions, SpoolSettings } from './spool/settings.ts';
import { tcpTarget } from './targets.ts';
import type { Target, TcpOptions } from './targets.ts';

/** How to connect, and the bounds of a client. Without any option it finds the daemon as `codi` does. */
export interface MonitorClientOptions {
  /** The daemon's data directory, by which its socket and spool are found; `CODI_DATA_DIR`, else the usual one. */
  dataDir?: string;
  /** The daemon's Unix socket, when it is not where its data directory says; `CODI_SOCKET`. */
  socketPath?: string;
  /** Tried when the Unix socket leads to no daemon. */
  tcp?: TcpOptions;
  /**
   * What to do with entries while no daemon can be reached. They go to the spool, unless this is `false` or
   * `socketPath` is named without it: a socket alone does not say where its daemon would look for them.
   */
  spool?: boolean | SpoolOptions;
  /** Told of what happens beside the answers to calls. */
  onEvent?: (event: ClientEvent) => void;
  /** Shown by the daemon as the name of this client. */
  clientName?: string;
  /**
   * Who writes the entries, where that outlives the client: the daemon keeps the last number of each producer, and
   * entries go on behind it. One client at a time, and without a spool: it fails before it takes another id.
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
  /**
   * How long entries are kept and retried without success before they go to the spool, or where that takes
   * none either, before they fail; 30 s when absent.
   */
  deadlineMs?: number;
  /**
   * Attempts to connect before entries go to the spool, or before `connect()` fails where there is none: 3.
   * Delays between attempts grow from `minMs`, 100, to `maxMs`, 5,000.
   */
  retry?: { attempts?: number; minMs?: number; maxMs?: number };
  /** For tests. */
  ports?: ClientPorts;
}

/** The options with every choice made. */
export interface ResolvedOptions {
  targets: readonly Target[];
  spool: SpoolSettings | undefined;
  onEvent: (event: ClientEvent) => void;
  clientName: string;
  producerId: string | undefined;
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

/** @throws CodiError CODI_CONFIG */
export function withDefaults(options: MonitorClientOptions): ResolvedOptions {
  const ports = options.ports ?? nodeClientPorts();
  const requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
  const { socketPath, spoolDir } = findPlaces(ports.machine(), options);
  const { producerId, tcp } = options;
  const { spool = options.socketPath === undefined && producerId === undefined } = options;
  if (producerId !== undefined && spool !== false) {
    throw new CodiError('CODI_CONFIG', { reason: 'a client with a producerId has no spool' });
  }
  return {
    targets: [{ kind: 'unix', socketPath }, ...(tcp ? [tcpTarget(tcp)] : [])],
    spool: spool === false ? undefined : spoolSettings(spool === true ? {} : spool, spoolDir),
    onEvent: options.onEvent ?? (() => undefined),
    clientName: options.clientName ?? 'codi-client',
    producerId,
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
