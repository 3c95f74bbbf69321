import { timestampFromMs } from '../../protocol/timestamp.ts';
import { CoordinationStream } from './coordination-stream.ts';
import { databaseBytes } from './group-heads.ts';
import { MonitoredPathTable } from './monitored-path-table.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import { rowSum } from './row-sum.ts';
import { SessionTable, type PlannedChange } from './session-table.ts';
import type { ChangeResult, StateCommand, StateHead, StateResults } from './state.messages.ts';

type ChangeCommand = Exclude<StateCommand, { type: 'listMonitoredPaths' | 'listSessions' }>;

/** The tables of state.db. Every change is one transaction: row, revision, stream entry, block, answer. */
export class StateStore {
  readonly #database: SqliteDatabase;
  readonly #stream: CoordinationStream;
  readonly #sessions: SessionTable;
  readonly #paths: MonitoredPathTable;
  readonly #recentAnswer: SqliteStatement;
  readonly #keepAnswer: SqliteStatement;
  readonly #pruneAnswers: SqliteStatement;
  readonly #recentRequests: number;

  constructor(database: SqliteDatabase, recentRequests: number) {
    this.#database = database;
    this.#recentRequests = recentRequests;
    this.#stream = new CoordinationStream(database);
    this.#sessions = new SessionTable(database);
    this.#paths = new MonitoredPathTable(database);
    this.#recentAnswer = database
      .prepare('SELECT answer FROM recent_requests WHERE id = ?')
      .pluck() as SqliteStatement;
    this.#keepAnswer = database.prepare(
      'INSERT INTO recent_requests (id, answer, sum) VALUES (?, ?, ?) RETURNING n',
    );
    this.#pruneAnswers = database.prepare('DELETE FROM recent_requests WHERE n <= ?');
  }

  head(): StateHead {
    const newest = this.#database
      .prepare('SELECT n, committed_ms FROM blocks ORDER BY n DESC LIMIT 1')
      .get() as { n: number; committed_ms: number } | undefined;
    return {
      revision: this.#stream.revision,
      blocks: newest ? newest.n + 1 : 0,
      bytes: databaseBytes(this.#database),
      lastCommitMs: newest?.committed_ms ?? null,
    };
  }

  /** Carries out a command. Throws CodiError when it is refused; then nothing has changed. */
  run(command: StateCommand, nowMs: number): StateResults[keyof StateResults] {
    if (command.type === 'listMonitoredPaths') return this.#paths.list(command.activeOnly ?? false);
    if (command.type === 'listSessions') return this.#sessions.list(command.endedMax);
    return this.#database.transaction(() => this.#change(command, nowMs)).immediate();
  }

  #change(command: ChangeCommand, nowMs: number): ChangeResult {
    const { requestId } = command;
    if (requestId !== undefined) {
      const answer = this.#recentAnswer.get(requestId) as string | undefined;
      if (answer !== undefined) return JSON.parse(answer) as ChangeResult;
    }
    const planned = this.#plan(command, nowMs);
    if (!planned) return { revision: this.#stream.revision, changed: false };
    const revision = this.#stream.record(planned.entry, nowMs);
    planned.apply(revision);
    const result: ChangeResult = { revision, changed: true };
    if (requestId !== undefined) this.#remember(requestId, result);
    return result;
  }

  #plan(command: ChangeCommand, nowMs: number): PlannedChange | undefined {
    const at = command.at ?? timestampFromMs(nowMs);
    switch (command.type) {
      case 'sessionStart':
        return this.#sessions.start(command, at);
      case 'sessionEnd':
        return this.#sessions.end(command, at);
      case 'sessionProcess':
        return this.#sessions.setProcess(command, at);
      case 'monitoredPathAdd':
        return this.#paths.add(command, at);
      case 'monitoredPathRemove':
        return this.#paths.remove(command, at);
    }
  }

  #remember(requestId: string, result: ChangeResult): void {
    const answer = JSON.stringify(result);
    const sum = rowSum(requestId, answer);
    const { n } = this.#keepAnswer.get(requestId, answer, sum) as { n: number };
    this.#pruneAnswers.run(n - this.#recentRequests);
  }
}
