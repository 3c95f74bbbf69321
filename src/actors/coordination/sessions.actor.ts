/**
 * Ends the sessions that nobody ends: their process is gone, or they gave no sign of life for too long. What it knows
 * of sessions outlives it; those from before this run of the daemon it asks the state writer for.
 */
import { isCodiError } from '../../protocol/errors.ts';
import { parseJsonText } from '../../protocol/json-text.ts';
import type { SessionEndedBy } from '../../protocol/kinds.ts';
import type { SessionProcess } from '../../protocol/session-process.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type { StoredSession } from '../../workers/storage/state.messages.ts';
import type { SessionBook } from './session-book.ts';
import { foldersOf, textOf } from './session-folders.ts';
import type { ProcessState, SessionLives, Verdict } from './session-lives.ts';
import { sessionsMachine } from './sessions.machine.ts';

/** Who writes the end of a session. */
export interface SessionKeeper {
  close(sessionId: string, by: SessionEndedBy): Promise<void>;
}

export interface SessionsPorts {
  lives: SessionLives;
  worked: SessionBook;
  keeper: SessionKeeper;
  /** Those that run, and the last that ended. */
  list(): Promise<StoredSession[]>;
  /** When the newest entry of a session was written, Unix milliseconds; undefined without one. */
  lastEntryMs(sessionId: string): Promise<number | undefined>;
  stateOf(process: SessionProcess): ProcessState;
}

const LOOK_INTERVAL_MS = 1_000;
/** The daemon does not wait longer for the sessions of before. */
const LOAD_PATIENCE_MS = 2_000;

export function sessionsSpec(ports: SessionsPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'sessions',
    ...SERVICE_RESTARTS,
    start: (cell) => new Sessions(cell, ports).behaviour(),
  };
}

class Sessions {
  readonly #cell: CellContext<never>;
  readonly #ports: SessionsPorts;
  /** Verdicts that are being looked into, or written. */
  readonly #open = new Set<string>();

  constructor(cell: CellContext<never>, ports: SessionsPorts) {
    this.#cell = cell;
    this.#ports = ports;
  }

  behaviour() {
    return behaviour({
      machine: sessionsMachine,
      effects: {
        'effect.load': () => {
          this.#cell.scope.after(LOAD_PATIENCE_MS, () => this.#cell.raise({ type: 'late' }));
          this.#do(this.#load());
        },
        'effect.look': () => this.#look(),
      },
      status: () => ({ note: `${this.#ports.lives.count} active` }),
    });
  }

  async #load(): Promise<void> {
    const sessions = await this.#ports.list();
    for (const session of sessions) this.#rememberPlace(session);
    for (const session of sessions) if (session.endedMs === null) await this.#rememberLife(session);
    this.#cell.scope.every(LOOK_INTERVAL_MS, () => this.#cell.raise({ type: 'lookDue' }));
    this.#cell.raise({ type: 'loaded' });
  }

  #rememberPlace({ metadata: text, endedMs, ...session }: StoredSession): void {
    const { worked } = this.#ports;
    const metadata = text === null ? undefined : parseJsonText(text);
    worked.begin({
      ...session,
      folders: foldersOf(metadata),
      parentId: textOf(metadata, 'parent_session_id'),
    });
    if (endedMs !== null) worked.end(session.sessionId, endedMs);
  }

  async #rememberLife({ sessionId, startedMs, process }: StoredSession): Promise<void> {
    const { lives, lastEntryMs } = this.#ports;
    if (lives.has(sessionId)) return;
    const entryMs = await lastEntryMs(sessionId).catch(unlessUnexpected);
    const { clock } = this.#cell;
    lives.remember(sessionId, process ?? undefined, {
      nowMs: clock.monotonicMs(),
      silentMs: clock.nowMs() - Math.max(startedMs, entryMs ?? 0),
    });
  }

  #look(): void {
    const { lives, stateOf } = this.#ports;
    for (const verdict of lives.look(this.#cell.clock.monotonicMs(), stateOf)) {
      if (this.#open.has(verdict.sessionId)) continue;
      this.#open.add(verdict.sessionId);
      this.#do(this.#settle(verdict).finally(() => this.#open.delete(verdict.sessionId)));
    }
  }

  /** What cannot be written now is found again by the next look. */
  async #settle({ sessionId, kind }: Verdict): Promise<void> {
    try {
      if (kind === 'overdue' && (await this.#hasWritten(sessionId))) return;
      await this.#ports.keeper.close(sessionId, kind === 'overdue' ? 'timeout' : 'process');
    } catch (error) {
      if (!isCodiError(error)) throw error;
      const isOver = error.code === 'CODI_SESSION_ENDED' || error.code === 'CODI_SESSION_UNKNOWN';
      if (isOver) this.#ports.lives.end(sessionId);
    }
  }

  /** Entries go past this actor, straight to the ledger; so it is asked before a session is taken for dead. */
  async #hasWritten(sessionId: string): Promise<boolean> {
    const { lives, lastEntryMs } = this.#ports;
    const entryMs = await lastEntryMs(sessionId);
    const { clock } = this.#cell;
    const nowMs = clock.monotonicMs();
    if (entryMs !== undefined) lives.seen(sessionId, nowMs - Math.max(0, clock.nowMs() - entryMs));
    return !lives.isOverdue(sessionId, nowMs);
  }

  #do(work: Promise<void>): void {
    work.catch(this.#cell.scope.wrap((error: unknown) => this.#cell.crash(error)));
  }
}

/** A ledger that cannot be asked just now says nothing of a session. */
function unlessUnexpected(error: unknown): undefined {
  if (!isCodiError(error)) throw error;
}
