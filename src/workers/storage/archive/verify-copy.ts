import { join } from 'node:path';
import { chainStart, verifyPiece } from '../audit/verify-chain.ts';
import type { StoreProblem } from '../archive.messages.ts';
import { openForReading, type StoreKind } from '../open-database.ts';
import { removeWal } from './backup.ts';

/** A copy is held against itself: what is signed may be newer, or elsewhere. */
const NO_MARKS = { marks: [], problems: [] };

/** The first thing that is wrong with a copy of a store that nobody uses; what is signed of it is not looked at. */
export function verifyCopy(folder: string): StoreProblem | undefined {
  return problemOf(folder, 'ledger') ?? problemOf(folder, 'state');
}

function problemOf(folder: string, kind: StoreKind): StoreProblem | undefined {
  const path = join(folder, `${kind}.db`);
  const database = openForReading(path, kind, { isCopy: true });
  try {
    const store = { database, kind, dataDir: folder, marks: NO_MARKS };
    const { findings } = verifyPiece(store, chainStart(), () => false);
    const [first] = findings;
    if (!first) return undefined;
    const { block, reason } = first;
    return { where: `${kind}.db`, reason, ...(block !== undefined && { block }) };
  } finally {
    database.close();
    removeWal(path);
  }
}
