import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { FromLedger, LedgerOptions } from '#codi/workers/storage/ledger.messages.js';
import { openForReading } from '#codi/workers/storage/open-database.js';
import { decodeAnswers, LedgerThread, temporaryDir, unpackAnswers } from './ledger-thread.ts';

/** A data directory for each test of a file, and ledger threads on it that do not outlive the test. */
export function ledgerFixture() {
  let dir: ReturnType<typeof temporaryDir>;
  const threads: LedgerThread[] = [];
  beforeEach(() => {
    dir = temporaryDir();
  });
  afterEach(async () => {
    for (const thread of threads.splice(0)) await thread.kill();
    dir.remove();
  });
  return {
    dataDir: () => dir.path,
    path: (name: string) => join(dir.path, name),
    async start(options: Partial<LedgerOptions> = {}): Promise<LedgerThread> {
      const thread = await LedgerThread.start({ dataDir: dir.path, ...options });
      threads.push(thread);
      return thread;
    },
    /** For tests of failing starts. */
    spawn(options: Partial<LedgerOptions> = {}): LedgerThread {
      const thread = LedgerThread.spawn({ dataDir: dir.path, ...options });
      threads.push(thread);
      return thread;
    },
    /** Rows of ledger.db, read by a connection of its own. */
    rows<Row>(sql: string): Row[] {
      const database = openForReading(join(dir.path, 'ledger.db'), 'ledger');
      const result = database.prepare(sql).all() as Row[];
      database.close();
      return result;
    },
  };
}

/** Acknowledgments in what a ledger thread sent. */
export function acknowledgments(received: readonly FromLedger[], format?: 'json') {
  return received
    .flatMap((message) =>
      'answers' in message ? decodeAnswers(unpackAnswers(message.answers), format) : [],
    )
    .map(({ connection, message }) => {
      if (message.payload.kind !== 'Acknowledgment') throw new Error(message.payload.kind);
      return { connection, ...message.payload.body };
    });
}
