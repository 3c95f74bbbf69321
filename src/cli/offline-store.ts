import { Worker } from 'node:worker_threads';
import type { AnswerOf } from '../client/answers.ts';
import { CodiError } from '../protocol/errors.ts';
import type { WireError } from '../protocol/errors.ts';
import type { BodyOf } from '../protocol/messages.ts';
import { workerEntry } from '../config/package-files.ts';
import { assertNoAddonAborts } from '../config/sqlite-addon.ts';
import type { Invocation } from './invocation.ts';
import type { RowSource } from './row-source.ts';

/** What the files can be asked. */
type OfflineRequest =
  | 'QueryLogs'
  | 'QueryEvents'
  | 'AuditHead'
  | 'AuditProve'
  | 'AuditVerify'
  | 'QueryExports'
  | 'QueryActs';

type Answer = { id: number } & ({ body: unknown } | { error: WireError });
interface Waiting {
  resolve(body: unknown): void;
  reject(error: unknown): void;
}

/** @throws CodiError CODI_SQLITE_ADDON */
export async function openOffline(
  dataDir: string,
  invocation: Pick<Invocation, 'io' | 'storeKey'>,
): Promise<OfflineStore> {
  assertNoAddonAborts(invocation.io.nodeVersion);
  return new OfflineStore(dataDir, await invocation.storeKey());
}

/**
 * Asks the files of a data directory, in a thread that holds its lock: no daemon can start meanwhile.
 * Requests reject with CODI_ALREADY_RUNNING while a daemon has it, CODI_NOT_FOUND when there is no ledger.
 */
class OfflineStore implements RowSource {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  constructor(dataDir: string, encryptionKey: Uint8Array | undefined) {
    const entry = workerEntry('storage/offline.worker.js');
    this.#worker = new Worker(entry, { workerData: { dataDir, encryptionKey } });
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the thread that reads has ended')));
  }

  request<Kind extends OfflineRequest>(kind: Kind, body: BodyOf<Kind>): Promise<AnswerOf[Kind]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as AnswerOf[Kind]), reject });
      this.#worker.postMessage({ id, kind, body });
    });
  }

  /** Gives the data directory free. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#worker.postMessage('close');
    await new Promise((resolve) => this.#worker.once('exit', resolve));
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(CodiError.fromWire(answer.error));
    else waiting?.resolve(answer.body);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
