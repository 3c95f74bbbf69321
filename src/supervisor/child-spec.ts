import type { Behaviour } from './behaviour.ts';
import type { CellContext } from './cell-context.ts';

/** permanent: always restarted. transient: unless it ended `normal` or `shutdown`. temporary: never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** one_for_one, one_for_all, rest_for_one as in OTP; dynamic: many independent children, starts empty. */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'dynamic';

export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

/** Milliseconds to end by itself, at once ('kill'), or as long as it takes ('infinity'). */
export type Shutdown = number | 'kill' | 'infinity';

/** Waiting between restarts of one child: min * factor^n up to max. */
export interface Backoff {
  minMs: number;
  maxMs: number;
  factor: number;
  /** 0..1: the share of the delay that is drawn at random. */
  jitter: number;
  /** After running this long the next delay is minMs again. */
  resetAfterMs: number;
}

/**
 * Restarts allowed to one child. A child with a budget counts here and not in its supervisor's intensity,
 * unless the budget is spent and escalates.
 */
export interface Budget {
  maxRestarts: number;
  withinMs: number;
  onExhausted: 'escalate' | 'park' | 'retrySlow';
  /** Delay of each retry after exhaustion (retrySlow); default 30,000. */
  slowMs?: number;
}

export interface MailboxSpec {
  limitCount: number;
  /** Of the sizes given to send(). */
  limitBytes: number;
  /** block: refused without being counted as lost; the sender keeps the message (see ActorRef.whenSpace). */
  overflow: 'dropNew' | 'dropOld' | 'crash' | 'block';
}

/**
 * The watchdog of a thread or process, which then says `sys.alive` by sendHeartbeats(). Without any message for
 * about timeoutMs it is killed and its actor ends as `unresponsive`. Counted from readiness, and only while the
 * watching event loop itself turns. The timeout must be longer than anything the host does in one go.
 */
export interface Heartbeat {
  timeoutMs: number;
}

/**
 * A message in hand when its actor crashes is delivered again to the next incarnation, until it has crashed
 * maxCrashes of them: then it is a dead letter and the actor goes on. Without it the message is lost with the
 * first crash (OTP).
 */
export interface PoisonSpec {
  maxCrashes: number;
  /** What makes two messages the same; default: the message itself. */
  key?(message: unknown): string | undefined;
}

export type Isolation =
  | { kind: 'inline' }
  | {
      kind: 'thread' | 'process';
      entry: URL;
      data?: unknown;
      env?: Record<string, string>;
      /** Arguments of Node itself. Processes only. */
      nodeArgs?: readonly string[];
      /** It may begin before its turn, see EarlyHosts. */
      isEarly?: boolean;
    };

// A tree holds actors of all message types, and a spec takes its own in: only `any` is both.
// oxlint-disable-next-line typescript/no-explicit-any
export interface ActorSpec<Message = any> {
  type: 'worker';
  id: string;
  /** Default permanent. */
  restart?: Restart;
  /** Default 5000 ms (OTP). */
  shutdown?: Shutdown;
  /** See SupervisorSpec.autoShutdown. Not for permanent children. */
  significant?: boolean;
  /** From the start of the thread or process, or of start(), to readiness; default 10,000. */
  startTimeoutMs?: number;
  backoff?: Backoff;
  budget?: Budget;
  mailbox?: MailboxSpec;
  poison?: PoisonSpec;
  isolation?: Isolation;
  /** Default off. Only with a thread or process. */
  heartbeat?: Heartbeat;
  /** Name in the registry; defaults to the path. */
  name?: string;
  /** Synchronous; async work is done by effects. Called anew for each incarnation. */
  start(cell: CellContext<Message>): Behaviour<Message>;
}

export interface SupervisorSpec {
  type: 'supervisor';
  id: string;
  strategy: Strategy;
  /** Restarts allowed within periodMs; OTP's defaults 1 in 5000. One more is a meltdown. */
  intensity?: number;
  periodMs?: number;
  restart?: Restart;
  /** Default infinity: otherwise grandchildren could be cut off. */
  shutdown?: Shutdown;
  significant?: boolean;
  /** Ends the supervisor with `shutdown` when any, or the last, significant child ends by itself. */
  autoShutdown?: AutoShutdown;
  backoff?: Backoff;
  budget?: Budget;
  /** Only dynamic: children at most, those waiting for a restart included. */
  maxChildren?: number;
  /** Started in this order, stopped in reverse. A dynamic supervisor has none. */
  children?: readonly ChildSpec[];
}

export type ChildSpec = ActorSpec | SupervisorSpec;

export const DEFAULT_SHUTDOWN_MS = 5_000;
export const DEFAULT_START_TIMEOUT_MS = 10_000;
export const DEFAULT_INTENSITY = 1;
export const DEFAULT_PERIOD_MS = 5_000;
export const DEFAULT_SLOW_MS = 30_000;
export const DEFAULT_MAILBOX: MailboxSpec = {
  limitCount: 10_000,
  limitBytes: 16 * 1024 * 1024,
  overflow: 'dropNew',
};
