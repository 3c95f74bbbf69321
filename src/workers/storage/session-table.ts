import { CodiError } from '../../protocol/errors.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { ChangeEntry } from './coordination-stream.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import type { StateCommand } from './state.messages.ts';

type SessionStart = Extract<StateCommand, { type: 'sessionStart' }>;
type SessionEnd = Extract<StateCommand, { type: 'sessionEnd' }>;

interface SessionColumns {
  identity: string;
  agent_type: string | null;
  metadata: string | null;
  tenant_id: string | null;
  user_id: string | null;
  ended_seconds: number | null;
}

/** A change to record, and the row change that goes with it; undefined when it is so already. */
export interface PlannedChange {
  entry: ChangeEntry;
  apply(revision: number): void;
}

/** Sessions: started once, ended once. */
export class SessionTable {
  readonly #select: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #end: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#select = database.prepare(
      'SELECT identity, agent_type, metadata, tenant_id, user_id, ended_seconds FROM sessions WHERE id = ?',
    );
    this.#insert = database.prepare(`INSERT INTO sessions
      (id, identity, agent_type, started_seconds, started_nanos, metadata, tenant_id, user_id, revision)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#end = database.prepare(
      'UPDATE sessions SET ended_seconds = ?, ended_nanos = ?, revision = ? WHERE id = ?',
    );
  }

  /** Starting a running session again, with the same words, changes nothing; with others it is refused. */
  start(command: SessionStart, at: Timestamp): PlannedChange | undefined {
    const { sessionId, identity, agentType, metadata } = command;
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
    return {
      entry: {
        ...changeOf('session.start', sessionId, at, tenantId, userId),
        session_id: sessionId,
        data: JSON.stringify({ identity, agent_type: agentType, metadata }),
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
          revision,
        );
      },
    };
  }

  end(command: SessionEnd, at: Timestamp): PlannedChange {
    const { sessionId } = command;
    const row = this.#select.get(sessionId) as SessionColumns | undefined;
    if (!row) throw new CodiError('CODI_SESSION_UNKNOWN', { sessionId });
    if (row.ended_seconds !== null) throw new CodiError('CODI_SESSION_ENDED', { sessionId });
    return {
      entry: {
        ...changeOf('session.end', sessionId, at, command.tenantId, command.userId),
        session_id: sessionId,
        data: null,
      },
      apply: (revision) => {
        this.#end.run(at.seconds, at.nanos, revision, sessionId);
      },
    };
  }
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
