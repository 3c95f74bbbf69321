import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { Timestamp } from '../../protocol/timestamp.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { pathFromValue, pathToValue, type PathValue } from './path-value.ts';
import { changeOf, type PlannedChange } from './session-table.ts';
import type { MonitoredPath, StateCommand } from './state.messages.ts';

type PathAdd = Extract<StateCommand, { type: 'monitoredPathAdd' }>;
type PathRemove = Extract<StateCommand, { type: 'monitoredPathRemove' }>;

interface PathColumns {
  path: PathValue;
  recursive: number;
  patterns: string;
  active: number;
  created_seconds: number;
  created_nanos: number;
  poll: number | null;
}

/** What the daemon watches; a removed path stays as a row that is not active. */
export class MonitoredPathTable {
  readonly #select: SqliteStatement;
  readonly #list: SqliteStatement;
  readonly #upsert: SqliteStatement;
  readonly #deactivate: SqliteStatement;

  constructor(database: SqliteDatabase) {
    const columns = 'path, recursive, patterns, active, created_seconds, created_nanos, poll';
    this.#select = database.prepare(`SELECT ${columns} FROM monitored_paths WHERE path = ?`);
    this.#list = database.prepare(
      `SELECT ${columns} FROM monitored_paths WHERE active >= ? ORDER BY path`,
    );
    this.#upsert = database.prepare(`INSERT INTO monitored_paths VALUES (?, ?, ?, 1, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET recursive = excluded.recursive, patterns = excluded.patterns,
      active = 1, revision = excluded.revision, poll = excluded.poll`);
    this.#deactivate = database.prepare(
      'UPDATE monitored_paths SET active = 0, revision = ? WHERE path = ?',
    );
  }

  /** Adding what is watched already, with the same options, changes nothing; with others it changes them. */
  add(command: PathAdd, at: Timestamp): PlannedChange | undefined {
    const path = pathToValue(command.path);
    const recursive = command.recursive ? 1 : 0;
    const patterns = JSON.stringify(command.patterns);
    const row = this.#select.get(path) as PathColumns | undefined;
    const poll = command.poll ? 1 : null;
    const isSame = row?.recursive === recursive && row.patterns === patterns && row.poll === poll;
    if (row?.active === 1 && isSame) return undefined;
    return {
      entry: {
        ...changeOf('path.add', path, at, command.tenantId, command.userId),
        session_id: command.sessionId ?? null,
        data: JSON.stringify({
          recursive: command.recursive,
          patterns: command.patterns,
          ...(command.poll && { poll: true }),
        }),
      },
      apply: (revision) => {
        this.#upsert.run(path, recursive, patterns, at.seconds, at.nanos, revision, poll);
      },
    };
  }

  remove(command: PathRemove, at: Timestamp): PlannedChange {
    const path = pathToValue(command.path);
    const row = this.#select.get(path) as PathColumns | undefined;
    if (row?.active !== 1) {
      const what = `watched path ${showBytePath(command.path).path}`;
      throw new CodiError('CODI_NOT_FOUND', { what });
    }
    return {
      entry: {
        ...changeOf('path.remove', path, at, command.tenantId, command.userId),
        session_id: command.sessionId ?? null,
        data: null,
      },
      apply: (revision) => {
        this.#deactivate.run(revision, path);
      },
    };
  }

  list(activeOnly: boolean): MonitoredPath[] {
    return (this.#list.all(activeOnly ? 1 : 0) as PathColumns[]).map(monitoredPath);
  }
}

function monitoredPath(row: PathColumns): MonitoredPath {
  const path: BytePath = pathFromValue(row.path);
  return {
    path,
    recursive: row.recursive === 1,
    patterns: JSON.parse(row.patterns) as string[],
    active: row.active === 1,
    poll: row.poll === 1,
    createdAt: { seconds: row.created_seconds, nanos: row.created_nanos },
  };
}
