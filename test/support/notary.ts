import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint, decodeVerifierKey } from '#codi/protocol/audit/signed-note.js';
import { Notary } from '#codi/workers/storage/audit/notary.js';
import type { FromNotary, NotaryOptions } from '#codi/workers/storage/notary.messages.js';
import { openForWriting, type SqliteDatabase } from '#codi/workers/storage/open-database.js';
import { StateStore } from '#codi/workers/storage/state-store.js';
import type { LedgerStore } from '#codi/workers/storage/ledger-store.js';
import { bodyOf, context, entriesMessage, logEntry } from './ledger-thread.ts';

export const ORIGIN = 'test.example/node';

/** A notary in this thread, with a clock of its own. */
export class NotaryWorld {
  readonly dataDir: string;
  readonly commits = new Int32Array(2);
  readonly messages: FromNotary[] = [];
  nowMs = 1_700_000_000_000;
  #notary: Notary | undefined;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  /** A new one, as after a restart. Runs until it has nothing to do. */
  start(options: Partial<NotaryOptions> = {}): this {
    this.#notary?.close();
    this.messages.length = 0;
    this.#notary = new Notary(
      { dataDir: this.dataDir, commits: this.commits, origin: ORIGIN, ...options },
      this.commits,
      { post: (message) => void this.messages.push(message), nowMs: () => this.nowMs },
    );
    return this.look();
  }

  get notary(): Notary {
    return this.#notary!;
  }

  look(): this {
    while (this.notary.step());
    return this;
  }

  /** A look after so long. */
  lookAfter(durationMs: number): this {
    this.nowMs += durationMs;
    return this.look();
  }

  close(): void {
    this.#notary?.close();
  }

  alarms(): { about: string; reason: string; isNew: boolean }[] {
    return this.messages.flatMap((message) =>
      message.type === 'alarm'
        ? [{ about: message.alarm.about, reason: message.alarm.reason, isNew: message.isNew }]
        : [],
    );
  }

  note(kind: 'ledger' | 'state' = 'ledger'): string {
    return readFileSync(join(this.dataDir, 'audit', `${kind}.checkpoint`), 'utf8');
  }

  keys() {
    const text = readFileSync(join(this.dataDir, 'audit', 'key.pub'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => decodeVerifierKey(line)!);
  }

  /** The last checkpoint, opened with key.pub alone. */
  checkpoint(kind: 'ledger' | 'state' = 'ledger') {
    const opened = openCheckpoint(this.note(kind), this.keys());
    if (!opened.ok) throw new Error(opened.reason);
    return opened.checkpoint;
  }
}

let nextBatch = 1;

/** Commits groups of log entries, one block each. */
export function commitBlocks(store: LedgerStore, blocks: number, entriesEach = 1): void {
  for (let n = 0; n < blocks; n++) {
    const frames = Array.from(
      { length: entriesEach },
      (_, index) => [context(), bodyOf(logEntry(`entry ${index} of ${nextBatch}`))] as const,
    );
    store.commit([entriesMessage(nextBatch++, frames)], 1_700_000_000_000 + n);
  }
}

/** A state.db with so many sessions started. */
export function stateWithSessions(dataDir: string, sessions: number): SqliteDatabase {
  const database = openForWriting(join(dataDir, 'state.db'), 'state');
  const store = new StateStore(database, 100);
  for (let n = 0; n < sessions; n++) {
    store.run(
      {
        type: 'sessionStart',
        sessionId: `s-${n}`,
        identity: 'ana',
        agentType: null,
        metadata: null,
      },
      1_700_000_000_000,
    );
  }
  return database;
}
