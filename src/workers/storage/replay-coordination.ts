import { isCodiError } from '../../protocol/errors.ts';
import { MonitoredPathTable } from './monitored-path-table.ts';
import type { SqliteDatabase } from './open-database.ts';
import { pathFromValue, type PathValue } from './path-value.ts';
import type { SessionProcess } from '../../protocol/session-process.ts';
import { endingOf, SessionTable, type PlannedChange } from './session-table.ts';
import type { StoredRow } from './stored-rows.ts';

const PAGE_ROWS = 500;

/**
 * Carries out every entry of the coordination stream again; returns the last revision. An entry that another one
 * needs may be gone: then it changes nothing.
 */
export function replayCoordination(database: SqliteDatabase, into: SqliteDatabase): number {
  const sessions = new SessionTable(into);
  const paths = new MonitoredPathTable(into);
  let last = 0;
  for (const row of coordinationEntries(database)) {
    last = row['revision'] as number;
    unlessRefused(() => planned(row, sessions, paths))?.apply(last);
  }
  return last;
}

function planned(
  row: StoredRow,
  sessions: SessionTable,
  paths: MonitoredPathTable,
): PlannedChange | undefined {
  const at = { seconds: row['seconds'] as number, nanos: row['nanos'] as number };
  const who = {
    tenantId: row['tenant_id'] as string | null,
    userId: row['user_id'] as string | null,
  };
  const data = JSON.parse((row['data'] as string | null) ?? '{}') as StoredRow;
  const sessionId = String(row['subject']);
  const path = pathFromValue(row['subject'] as PathValue);
  switch (row['kind']) {
    case 'session.start':
      return sessions.start(
        {
          type: 'sessionStart',
          sessionId,
          identity: data['identity'] as string,
          agentType: data['agent_type'] as string | null,
          metadata: data['metadata'] as string | null,
          process: (data['process'] ?? null) as SessionProcess | null,
          ...who,
        },
        at,
      );
    case 'session.end':
      return sessions.end({ type: 'sessionEnd', sessionId, ...endingOf(data), ...who }, at);
    case 'session.process': {
      const { process } = data as unknown as { process: SessionProcess };
      return sessions.setProcess({ type: 'sessionProcess', sessionId, process, ...who }, at);
    }
    case 'path.add': {
      const wanted = data as { recursive: boolean; patterns: string[]; poll?: boolean };
      return paths.add({ type: 'monitoredPathAdd', path, ...wanted, ...who }, at);
    }
    case 'path.remove':
      return paths.remove({ type: 'monitoredPathRemove', path, ...who }, at);
    default:
      return undefined;
  }
}

/** In pieces: between them the same database may be written to. */
function* coordinationEntries(database: SqliteDatabase): Generator<StoredRow> {
  const page = database.prepare(
    `SELECT * FROM coordination WHERE seq > ? ORDER BY seq LIMIT ${PAGE_ROWS}`,
  );
  for (let after = 0; ;) {
    const rows = page.all(after) as StoredRow[];
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)!['seq'] as number;
  }
}

function unlessRefused<Result>(plan: () => Result): Result | undefined {
  try {
    return plan();
  } catch (error) {
    if (isCodiError(error)) return undefined;
    throw error;
  }
}
