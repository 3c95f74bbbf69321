import { CodiError } from '../../protocol/errors.ts';
import type { SessionEndedBy } from '../../protocol/kinds.ts';
import type { SessionProcess } from '../../protocol/session-process.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { ChangeEntry } from './coordination-stream.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import type { SessionEnding, StateCommand, StoredSession } from './state.messages.ts';

type SessionStart = Extract<StateCommand, { type: 'sessionStart' }>;
type SessionEnd = Extract<StateCommand, { type: 'sessionEnd' }>;
type SetProcess = Extract<StateCommand, { type: 'sessionProcess' }>;

interface SessionColumns {
  identity: string;
  agent_type: string | null;
  metadata: string | null;
  tenant_id: string | null;
  user_id: string | null;
  ended_seconds: number | null;
  ended_by: SessionEndedBy | null;
  /** JSON text. */
  process: string | null;
}

interface StoredColumns extends SessionColumns {
  id: string;
  started_seconds: number;
  started_nanos: number;
  ended_nanos: number | null;
}

/** A change to record, and the row change that goes with it; undefined when it is so already. */
export interface PlannedChange {
  entry: ChangeEntry;
  apply(revision: number): void;
}

/** The words of the daemon itself, which knows less than who comes later and says how it really ended. */
const GUESSED_ENDS: ReadonlySet<unknown> = new Set<SessionEndedBy>(['timeout', 'process']);

/** Sessions: started once, ended once. */
export class SessionTable {
  readonly #select: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #end: SqliteStatement;
  readonly #setProcess: SqliteStatement;
  readonly #list: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#select = database.prepare(
      `SELECT identity, agent_type, metadata, tenant_id, user_id, ended_seconds, ended_by, process
       FROM sessions WHERE id = ?`,
    );
    this.#insert = database.prepare(`INSERT INTO sessions
      (id, identity, agent_type, started_seconds, started_nanos, metadata, tenant_id, user_id, process, revision)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#end = database.prepare(
      `UPDATE sessions SET ended_seconds = ?, ended_nanos = ?, ended_by = ?, exit_code = ?, exit_signal = ?,
       ended_who = ?, revision = ? WHERE id = ?`,
    );
    this.#setProcess = database.prepare(
      'UPDATE sessions SET process = ?, revision = ? WHERE id = ?',
    );
    const newestEnded = `SELECT id FROM sessions WHERE ended_seconds IS NOT NULL
      ORDER BY started_seconds DESC, started_nanos DESC, id DESC LIMIT ?`;
    this.#list = database.prepare(
      `SELECT * FROM sessions WHERE ended_seconds IS NULL OR id IN (${newestEnded})
       ORDER BY started_seconds, started_nanos, id`,
    );
  }

  list(endedMax: number): StoredSession[] {
    return (this.#list.all(endedMax) as StoredColumns[]).map((row) => ({
      sessionId: row.id,
      startedMs: unixMs(row.started_seconds, row.started_nanos),
      endedMs: row.ended_seconds === null ? null : unixMs(row.ended_seconds, row.ended_nanos ?? 0),
      metadata: row.metadata,
      process: row.process === null ? null : (JSON.parse(row.process) as SessionProcess),
      tenantId: row.tenant_id,
      userId: row.user_id,
    }));
  }

  /** Starting a running session again, with the same words, changes nothing; with others it is refused. */
  start(command: SessionStart, at: Timestamp): PlannedChange | undefined {
    const { sessionId, identity, agentType, metadata, process = null } = command;
    const tenantId = command.tenantId ?? null;
    const userId = command.userId ?? null;
    const row = this.#select.get(sessionId) as SessionColumns | undefined;
    if (row?.ended_seconds === null) {
      const isSame =
        row.identity === identity &&
        row.agent_type === agentType &&
        row.metadata === metadata &&
        row.tenant_id === tenantId &&
        row.user_id === userId;
      if (isSame) return undefined;
      throw new CodiError('CODI_SESSION_EXISTS', { sessionId });
    }
    if (row) throw new CodiError('CODI_SESSION_ENDED', { sessionId });
    const { seconds, nanos } = at;
    const data = { identity, agent_type: agentType, metadata, ...(process && { process }) };
    return {
      entry: {
        ...changeOf('session.start', sessionId, at, tenantId, userId),
        session_id: sessionId,
        data: JSON.stringify(data),
      },
      apply: (revision) => {
        this.#insert.run(
          sessionId,
          identity,
          agentType,
          seconds,
          nanos,
          metadata,
          tenantId,
          userId,
          process && JSON.stringify(process),
          revision,
        );
      },
    };
  }

  /** Who was there says how a session ended, also after the daemon had taken it for over. */
  end(command: SessionEnd, at: Timestamp): PlannedChange {
    const { sessionId, end } = command;
    const row = this.#running(sessionId, !GUESSED_ENDS.has(end?.by));
    const { by, exitCode = null, exitSignal = null, who = null } = end ?? {};
    const data = { ended_by: by, exit_code: exitCode, exit_signal: exitSignal, ended_who: who };
    return {
      entry: {
        ...changeOf('session.end', sessionId, at, row.tenant_id, row.user_id),
        session_id: sessionId,
        data: end ? JSON.stringify(withoutNulls(data)) : null,
      },
      apply: (revision) => {
        const { seconds, nanos } = at;
        this.#end.run(seconds, nanos, by ?? null, exitCode, exitSignal, who, revision, sessionId);
      },
    };
  }

  setProcess(command: SetProcess, at: Timestamp): PlannedChange | undefined {
    const { sessionId, process } = command;
    const row = this.#running(sessionId, false);
    const text = JSON.stringify(process);
    if (row.process === text) return undefined;
    return {
      entry: {
        ...changeOf('session.process', sessionId, at, row.tenant_id, row.user_id),
        session_id: sessionId,
        data: JSON.stringify({ process }),
      },
      apply: (revision) => {
        this.#setProcess.run(text, revision, sessionId);
      },
    };
  }

  #running(sessionId: string, orGuessedEnd: boolean): SessionColumns {
    const row = this.#select.get(sessionId) as SessionColumns | undefined;
    if (!row) throw new CodiError('CODI_SESSION_UNKNOWN', { sessionId });
    const isOver = row.ended_seconds !== null && !(orGuessedEnd && GUESSED_ENDS.has(row.ended_by));
    if (isOver) throw new CodiError('CODI_SESSION_ENDED', { sessionId });
    return row;
  }
}

/** The ending that an entry of the stream tells of; those from before tell of none. */
export function endingOf(data: Record<string, unknown>): { end?: SessionEnding } {
  const { ended_by: by, exit_code: exitCode, exit_signal: exitSignal, ended_who: who } = data;
  return by === undefined ? {} : { end: { by, exitCode, exitSignal, who } as SessionEnding };
}

function withoutNulls(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}

function unixMs(seconds: number, nanos: number): number {
  return seconds * 1_000 + nanos / 1_000_000;
}

/** The parts that every entry of the coordination stream has. */
export function changeOf(
  kind: string,
  subject: ChangeEntry['subject'],
  { seconds, nanos }: Timestamp,
  tenantId: string | null | undefined,
  userId: string | null | undefined,
) {
  return {
    seconds,
    nanos,
    kind,
    subject,
    tenant_id: tenantId ?? null,
    user_id: userId ?? null,
  };
}
