import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../../../protocol/errors.ts';
import type { BodyOf } from '../../../protocol/messages.ts';
import { acquireLock } from '../lock.ts';
import type { DatabaseHead, NotaryHead } from '../notary.messages.ts';
import { openForReading, type SqliteDatabase, type StoreKind } from '../open-database.ts';
import type { AuditPage } from '../reader.messages.ts';
import { findingsBody, headBody, proofBody, proveCommand } from './audit-answers.ts';
import { AuditFiles } from './audit-files.ts';
import { publicLines } from './audit-key.ts';
import { BlockTree } from './block-tree.ts';
import { proveEntry } from './prove-entry.ts';
import { readMarks } from './signed-marks.ts';
import { verifyPage } from './verify-page.ts';
import { verifyTables } from './verify-tables.ts';

const DATABASES: readonly StoreKind[] = ['ledger', 'state'];
const BUDGET_MS = 500;
const STEP_LEAVES = 10_000;
/** The cursor after a chain: what follows from it is still to be checked. */
const TABLES = 'tables';

/**
 * Answers the same questions as a daemon, over a data directory that no daemon holds. It changes nothing,
 * and keeps the directory locked until the process ends.
 */
export class OfflineAudit {
  readonly #dataDir: string;
  readonly #files: AuditFiles;
  readonly #databases = new Map<StoreKind, SqliteDatabase>();

  /** Throws CODI_NOT_FOUND without a ledger, CODI_ALREADY_RUNNING while a daemon has it. */
  constructor(dataDir: string) {
    if (!existsSync(join(dataDir, 'ledger.db')))
      throw new CodiError('CODI_NOT_FOUND', { what: `ledger in ${dataDir}` });
    if (!acquireLock(dataDir).ok)
      throw new CodiError('CODI_ALREADY_RUNNING', { dataDir, pid: holderOf(dataDir) });
    this.#dataDir = dataDir;
    this.#files = new AuditFiles(dataDir);
  }

  head(): BodyOf<'AuditHeads'> {
    const databases = DATABASES.map((kind): DatabaseHead => {
      const { marks } = readMarks(this.#dataDir, kind);
      return {
        database: kind,
        checkpoint: this.#files.readCheckpoint(kind) ?? null,
        size: marks.at(-1)?.size ?? 0,
        signedAtMs: this.#files.signedAtMs(kind) ?? null,
        blocks: this.#stored(kind),
      };
    });
    const head: NotaryHead = {
      databases,
      keys: publicLines(this.#files),
      alarms: this.#files.alarms(),
    };
    return headBody(head);
  }

  prove(body: BodyOf<'AuditProve'>): BodyOf<'AuditProof'> {
    const command = proveCommand(body);
    const kind = command.database;
    const database = this.#open(kind);
    const checkpoint = this.#files.readCheckpoint(kind);
    const newest = readMarks(this.#dataDir, kind).marks.at(-1);
    if (checkpoint === undefined || !newest)
      throw new CodiError('CODI_NOT_FOUND', { what: `checkpoint of ${kind}.db that holds` });
    const tree = new BlockTree(database);
    while (tree.size < newest.size && tree.grow(STEP_LEAVES) > 0);
    const size = newest.size;
    return proofBody(body, proveEntry({ database, tree, checkpoint, size }, command));
  }

  verify({ database: kind, cursor }: BodyOf<'AuditVerify'>): BodyOf<'AuditFindings'> {
    if (cursor === TABLES) return findingsBody(this.#verifyTables(kind));
    const ports = {
      dataDir: this.#dataDir,
      snapshot: <Result>(read: (database: SqliteDatabase) => Result) => read(this.#open(kind)),
      monotonicMs: () => performance.now(),
      budgetMs: BUDGET_MS,
    };
    const page = verifyPage(ports, kind, cursor ?? undefined);
    return findingsBody({ ...page, next: page.next ?? TABLES });
  }

  #verifyTables(kind: StoreKind): AuditPage {
    const blocks = this.#stored(kind) ?? 0;
    let reasons: string[];
    try {
      reasons = verifyTables(this.#open(kind), kind);
    } catch (error) {
      reasons = [`its tables cannot be checked: ${(error as Error).message}`];
    }
    const findings = reasons.map((reason) => ({ ranges: [], reason }));
    return { checked: blocks, blocks, entries: 0, findings };
  }

  /** Null when that cannot be read. */
  #stored(kind: StoreKind): number | null {
    try {
      return new BlockTree(this.#open(kind)).stored();
    } catch {
      return null;
    }
  }

  #open(kind: StoreKind): SqliteDatabase {
    let database = this.#databases.get(kind);
    if (!database) {
      database = openForReading(join(this.#dataDir, `${kind}.db`), kind);
      this.#databases.set(kind, database);
    }
    return database;
  }
}

function holderOf(dataDir: string): number | string {
  try {
    const card = JSON.parse(readFileSync(join(dataDir, 'daemon.json'), 'utf8')) as { pid: number };
    return card.pid;
  } catch {
    return '?';
  }
}
