import type { SessionProcess } from '../../protocol/session-process.ts';

/** Whether a process runs; `unknown` where that cannot be seen from here. */
export type ProcessState = 'alive' | 'gone' | 'unknown';

export interface LifeLimits {
  /** A session without a sign of life for so long is over. */
  timeoutMs: number;
  /** How long the end of a process waits for who knows more of it, such as its exit code. */
  processGraceMs: number;
  /** How long after a start of the daemon nobody is over: clients have to come back first. */
  returnMs: number;
  /** Most sessions that are looked at in one go. */
  looksMax: number;
}

/** Times are monotonic milliseconds. */
interface Life {
  process: SessionProcess | undefined;
  seenMs: number;
  goneSinceMs: number | undefined;
}

/** `overdue`: there was no sign of life that this knows of; the ledger may have entries of it. */
export interface Verdict {
  sessionId: string;
  kind: 'processGone' | 'overdue';
}

/**
 * Which of the sessions that run are over: by the end of their process, or because nothing was heard of them for too
 * long. What is a sign of life: an open connection, a living process, a heartbeat, an entry.
 */
export class SessionLives {
  readonly #limits: LifeLimits;
  readonly #lives = new Map<string, Life>();
  /** Connections that speak for a session. */
  readonly #bound = new Map<number, string>();
  readonly #connections = new Map<string, number>();
  /** Sessions that are looked at next. */
  #queue: Iterator<string> = [].values();

  constructor(limits: LifeLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#lives.size;
  }

  has(sessionId: string): boolean {
    return this.#lives.has(sessionId);
  }

  /** A session runs. One that is known stays as it is. */
  begin(sessionId: string, process: SessionProcess | undefined, nowMs: number): void {
    if (this.has(sessionId)) return;
    this.#lives.set(sessionId, { process, seenMs: nowMs, goneSinceMs: undefined });
  }

  /** One from before this run of the daemon; `silentMs` is how long ago it was heard of, as far as is known. */
  remember(
    sessionId: string,
    process: SessionProcess | undefined,
    { nowMs, silentMs }: { nowMs: number; silentMs: number },
  ): void {
    const { timeoutMs, returnMs } = this.#limits;
    const silentAtMost = Math.max(0, timeoutMs - returnMs);
    this.begin(sessionId, process, nowMs - Math.min(Math.max(0, silentMs), silentAtMost));
  }

  end(sessionId: string): void {
    this.#lives.delete(sessionId);
  }

  /** A sign of life; a process that comes with it is the session's from now on. */
  seen(sessionId: string, nowMs: number, process?: SessionProcess): void {
    const life = this.#lives.get(sessionId);
    if (!life) return;
    life.seenMs = Math.max(life.seenMs, nowMs);
    if (!process) return;
    life.process = process;
    life.goneSinceMs = undefined;
  }

  /** Nothing was heard of it for too long. */
  isOverdue(sessionId: string, nowMs: number): boolean {
    const life = this.#lives.get(sessionId);
    return life !== undefined && nowMs - life.seenMs >= this.#limits.timeoutMs;
  }

  /** A connection speaks for a session from now on, or for none any more. */
  bind(connection: number, sessionId: string | null, nowMs: number): void {
    const before = this.#bound.get(connection);
    if (before === (sessionId ?? undefined)) return;
    if (before !== undefined) {
      const left = (this.#connections.get(before) ?? 1) - 1;
      if (left > 0) this.#connections.set(before, left);
      else this.#connections.delete(before);
      this.seen(before, nowMs);
    }
    if (sessionId === null) {
      this.#bound.delete(connection);
      return;
    }
    this.#bound.set(connection, sessionId);
    this.#connections.set(sessionId, (this.#connections.get(sessionId) ?? 0) + 1);
  }

  /** Looks at some sessions, others each time until all have had their turn. */
  look(nowMs: number, stateOf: (process: SessionProcess) => ProcessState): Verdict[] {
    const verdicts: Verdict[] = [];
    const turns = Math.min(this.#limits.looksMax, this.#lives.size);
    for (let turn = 0; turn < turns; turn++) {
      const sessionId = this.#next();
      const kind = this.#judge(sessionId, nowMs, stateOf);
      if (kind) verdicts.push({ sessionId, kind });
    }
    return verdicts;
  }

  #next(): string {
    let next = this.#queue.next();
    if (next.done) {
      this.#queue = this.#lives.keys();
      next = this.#queue.next();
    }
    return next.value as string;
  }

  #judge(
    sessionId: string,
    nowMs: number,
    stateOf: (process: SessionProcess) => ProcessState,
  ): Verdict['kind'] | undefined {
    const life = this.#lives.get(sessionId)!;
    const { processGraceMs } = this.#limits;
    const isConnected = this.#connections.has(sessionId);
    const process = isConnected || !life.process ? 'unknown' : stateOf(life.process);
    if (isConnected || process === 'alive') {
      life.seenMs = nowMs;
      life.goneSinceMs = undefined;
      return undefined;
    }
    if (process === 'gone') {
      life.goneSinceMs ??= nowMs;
      return nowMs - life.goneSinceMs >= processGraceMs ? 'processGone' : undefined;
    }
    return this.isOverdue(sessionId, nowMs) ? 'overdue' : undefined;
  }
}
