import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { afterAll, beforeAll } from 'vitest';
import { openForWriting } from '#codi/workers/storage/open-database.js';
import type { Page, ReaderTasks } from '#codi/workers/storage/reader.messages.js';
import { openLedger } from './ledger-store.ts';
import { context, entriesMessage, STORAGE_DIR } from './ledger-thread.ts';

/** One pool of reader threads over a data directory. */
export function readerPool(dataDir: string): Piscina {
  return new Piscina({
    filename: fileURLToPath(new URL('reader.worker.js', STORAGE_DIR)),
    workerData: { dataDir },
    minThreads: 0,
    maxThreads: 1,
  });
}

/** Both stores, written by this thread, and a reader pool over them, for all tests of a file. */
export class ReaderFixture {
  ledger!: ReturnType<typeof openLedger>;
  state!: ReturnType<typeof openForWriting>;
  #pool!: Piscina;
  #batch = 0;

  constructor() {
    beforeAll(() => {
      this.ledger = openLedger({ tenantId: 'acme' });
      this.state = openForWriting(`${this.ledger.dataDir}/state.db`, 'state');
      this.#pool = readerPool(this.ledger.dataDir);
    });
    afterAll(async () => {
      await this.#pool.destroy();
      this.state.close();
      this.ledger.close();
    });
  }

  /** Puts entries into the ledger; each may set any field of a LogBatch entry. */
  log(entries: readonly Record<string, unknown>[], tenantId: string | null = null): void {
    const full = entries.map((entry) => ({
      level: 'Info',
      component: 'c',
      message: 'm',
      ...entry,
    }));
    const id = `00000000-0000-4000-8000-${String(++this.#batch).padStart(12, '0')}`;
    const payload = { LogBatch: { entries: full } };
    const message = { id, timestamp: '2025-01-01T00:00:00Z', payload };
    const owner = context({ format: 'json', tenantId });
    const body = Buffer.from(JSON.stringify(message));
    this.ledger.store.commit([entriesMessage(this.#batch, [[owner, body]])], 5_000);
  }

  run<Name extends keyof ReaderTasks>(
    name: Name,
    input: unknown,
  ): Promise<ReturnType<ReaderTasks[Name]>> {
    return this.#pool.run({ input }, { name }) as Promise<ReturnType<ReaderTasks[Name]>>;
  }

  /** Every row of a query, page by page; `between` runs after each page. */
  async allPages<Row>(
    name: 'queryLogs' | 'queryEvents' | 'listFiles' | 'listSessions',
    input: object,
    between: () => void = () => undefined,
  ): Promise<Row[]> {
    const rows: Row[] = [];
    let cursor: string | undefined;
    do {
      const page = (await this.run(name, { ...input, cursor })) as unknown as Page<Row>;
      rows.push(...page.rows);
      cursor = page.next;
      between();
    } while (cursor !== undefined);
    return rows;
  }
}
