import { foldersOf, textOf } from '../actors/coordination/session-folders.ts';
import type { SessionBook } from '../actors/coordination/session-book.ts';
import type { SessionLives } from '../actors/coordination/session-lives.ts';
import type { SessionKeeper } from '../actors/coordination/sessions.actor.ts';
import type { SessionPort } from '../actors/serving/ports.ts';
import type { RequestBook } from '../actors/storage/request-book.ts';
import { CodiError } from '../protocol/errors.ts';
import { stringifyJson } from '../protocol/json-text.ts';
import type { SessionProcess } from '../protocol/session-process.ts';
import { timestampFromMs, type Timestamp } from '../protocol/timestamp.ts';
import type { Clock } from '../supervisor/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type {
  ChangeResult,
  SessionEnding,
  StateCommand,
} from '../workers/storage/state.messages.ts';

export interface SessionDeskParts {
  book: RequestBook<StateCommand>;
  /** Who worked where. */
  worked: SessionBook;
  lives: SessionLives;
  /** Fills in what a process leaves out of itself. */
  identify(process: SessionProcess): SessionProcess;
  sessionsMax: number;
  clock: Clock;
  telemetry: Telemetry;
}

/** Sessions, kept by the state writer; what it has committed is told to those who have to know at once. */
export class SessionDesk implements SessionPort, SessionKeeper {
  readonly #parts: SessionDeskParts;

  constructor(parts: SessionDeskParts) {
    this.#parts = parts;
  }

  start: SessionPort['start'] = async (body, context, requestId, at = this.#now()) => {
    const { book, worked, lives, sessionsMax, clock, telemetry } = this.#parts;
    const { session_id: sessionId, identity, metadata } = body;
    if (lives.count >= sessionsMax && !lives.has(sessionId))
      throw new CodiError('CODI_SESSIONS_TOO_MANY', { limit: sessionsMax });
    const tenantId = context.tenantId ?? textOf(metadata, 'tenant_id') ?? null;
    const userId = context.userId ?? textOf(metadata, 'user_id') ?? null;
    const process = this.#processOf(body.process);
    const { changed } = await book.request<ChangeResult>({
      type: 'sessionStart',
      requestId,
      sessionId,
      identity,
      agentType: body.agent_type ?? null,
      metadata: metadata == null ? null : stringifyJson(metadata),
      process: process ?? null,
      tenantId,
      userId,
      at,
    });
    lives.begin(sessionId, process, clock.monotonicMs());
    worked.begin({
      sessionId,
      folders: foldersOf(metadata),
      startedMs: unixMs(at),
      parentId: textOf(metadata, 'parent_session_id'),
      tenantId,
      userId,
    });
    if (changed) telemetry.emit('SessionStarted', { session: sessionId });
  };

  end: SessionPort['end'] = ({ sessionId, end, who }, requestId, at) =>
    this.#end(sessionId, { ...end, ...(who !== undefined && { who }) }, { requestId, at });

  /** The daemon itself takes it for over. */
  close: SessionKeeper['close'] = (sessionId, by) => this.#end(sessionId, { by }, {});

  heartbeat: SessionPort['heartbeat'] = async (body, requestId) => {
    const { book, lives, clock } = this.#parts;
    const { session_id: sessionId } = body;
    if (!lives.has(sessionId)) throw new CodiError('CODI_SESSION_UNKNOWN', { sessionId });
    const process = this.#processOf(body.process);
    if (process) await book.request({ type: 'sessionProcess', requestId, sessionId, process });
    lives.seen(sessionId, clock.monotonicMs(), process);
  };

  bind: SessionPort['bind'] = (connection, sessionId) => {
    this.#parts.lives.bind(connection, sessionId, this.#parts.clock.monotonicMs());
  };

  async #end(
    sessionId: string,
    end: SessionEnding,
    { requestId, at = this.#now() }: { requestId?: string; at?: Timestamp | undefined },
  ): Promise<void> {
    const { book, worked, lives, telemetry } = this.#parts;
    const command = { type: 'sessionEnd', sessionId, end, at } as const;
    await book.request(requestId === undefined ? command : { ...command, requestId });
    lives.end(sessionId);
    worked.end(sessionId, unixMs(at));
    telemetry.emit('SessionEnded', { session: sessionId, by: end.by });
  }

  #processOf(process: ProcessBody): SessionProcess | undefined {
    if (process == null) return undefined;
    const { pid, namespace = null, started = null } = process;
    return this.#parts.identify({ pid, namespace, started });
  }

  #now(): Timestamp {
    return timestampFromMs(this.#parts.clock.nowMs());
  }
}

type ProcessBody = Parameters<SessionPort['heartbeat']>[0]['process'];

function unixMs({ seconds, nanos }: Timestamp): number {
  return seconds * 1_000 + nanos / 1_000_000;
}
