import { CodiError } from '../../../protocol/errors.ts';
import type { BodyOf } from '../../../protocol/messages.ts';
import type { DatabaseHead, NotaryHead } from '../notary.messages.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import type { ReadConnections } from '../read-connection.ts';
import type { AuditPage } from '../reader.messages.ts';
import { findingsBody, headBody, proofBody, proveCommand, verifyInput } from './audit-answers.ts';
import { AuditFiles } from './audit-files.ts';
import { readBreaks } from './known-breaks.ts';
import { publicLines } from './audit-key.ts';
import { BlockTree } from './block-tree.ts';
import { proveEntry } from './prove-entry.ts';
import { readMarks } from './signed-marks.ts';
import { NOTHING_READ, verifyPage } from './verify-page.ts';
import { verifyTables } from './verify-tables.ts';

const DATABASES: readonly StoreKind[] = ['ledger', 'state'];
const BUDGET_MS = 500;
const STEP_LEAVES = 10_000;
/** The cursor after a chain: what follows from it is still to be checked. */
const TABLES = 'tables';

/** Answers the same questions as a daemon, over a data directory that its caller has locked. It changes nothing. */
export class OfflineAudit {
  readonly #dataDir: string;
  readonly #connections: ReadConnections;
  readonly #files: AuditFiles;

  constructor(dataDir: string, connections: ReadConnections) {
    this.#dataDir = dataDir;
    this.#connections = connections;
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
      breaks: readBreaks(this.#files).breaks,
    };
    return headBody(head);
  }

  prove(body: BodyOf<'AuditProve'>): BodyOf<'AuditProof'> {
    const command = proveCommand(body);
    const kind = command.database;
    const checkpoint = this.#files.readCheckpoint(kind);
    const newest = readMarks(this.#dataDir, kind).marks.at(-1);
    if (checkpoint === undefined || !newest)
      throw new CodiError('CODI_NOT_FOUND', { what: `checkpoint of ${kind}.db that holds` });
    const { size } = newest;
    const parts = this.#snapshot(kind, (database) => {
      const tree = new BlockTree(database);
      while (tree.size < size && tree.grow(STEP_LEAVES) > 0);
      return proveEntry({ database, dataDir: this.#dataDir, tree, checkpoint, size }, command);
    });
    return proofBody(body, parts);
  }

  verify(body: BodyOf<'AuditVerify'>): BodyOf<'AuditFindings'> {
    const { database: kind, cursor } = body;
    if (cursor === TABLES) return findingsBody(this.#verifyTables(kind));
    const ports = {
      dataDir: this.#dataDir,
      // Opened in here, so that what cannot be opened is a finding, too.
      connection: () => this.#connections.get(kind),
      monotonicMs: () => performance.now(),
      budgetMs: BUDGET_MS,
    };
    const page = verifyPage(ports, verifyInput(body));
    return findingsBody({ ...page, next: page.next ?? TABLES });
  }

  #verifyTables(kind: StoreKind): AuditPage {
    const blocks = this.#stored(kind) ?? 0;
    let reasons: string[];
    try {
      reasons = this.#snapshot(kind, (database) => verifyTables(database, kind, this.#dataDir));
    } catch (error) {
      reasons = [`its tables cannot be checked: ${(error as Error).message}`];
    }
    const findings = reasons.map((reason) => ({ ranges: [], reason }));
    return { ...NOTHING_READ, checked: blocks, blocks, findings };
  }

  /** Null when that cannot be read. */
  #stored(kind: StoreKind): number | null {
    try {
      return this.#snapshot(kind, (database) => new BlockTree(database).stored());
    } catch {
      return null;
    }
  }

  #snapshot<Result>(kind: StoreKind, read: (database: SqliteDatabase) => Result): Result {
    return this.#connections.get(kind).snapshot(read);
  }
}
