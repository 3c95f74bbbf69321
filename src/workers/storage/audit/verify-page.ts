import { CodiError, isCodiError } from '../../../protocol/errors.ts';
import { HASH_BYTES, RightEdge } from '../../../protocol/audit/merkle-tree.ts';
import { STREAMS } from '../codes.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import type { AuditPage, VerifyInput } from '../reader.messages.ts';
import { judgeFailure } from '../storage-failure.ts';
import { readMarks, type Marks } from './signed-marks.ts';
import { chainStart, verifyPiece, type ChainPosition, type Finding } from './verify-chain.ts';

const TAG = 'audit';
const SHAPE = ['string', 'number', 'string', 'number', 'string'] as const;

/** The counts of a piece that read nothing. */
export const NOTHING_READ = {
  entries: 0,
  segments: 0,
  leafOnly: 0,
  losses: [] as Finding[],
  lost: 0,
};

/** What a check reads from. */
interface VerifyConnection {
  identity(): string;
  /** Runs reads of one moment. */
  snapshot<Result>(read: (database: SqliteDatabase) => Result): Result;
}

/** What a check needs of the place it runs in. */
export interface VerifyPorts {
  dataDir: string;
  /** The database; what opening it throws is a finding like any other damage. */
  connection(): VerifyConnection;
  monotonicMs(): number;
  budgetMs: number;
}

/** One piece of a check, from a cursor on. Throws CODI_CURSOR_INVALID. */
export function verifyPage(ports: VerifyPorts, input: VerifyInput): AuditPage {
  let from = chainStart();
  try {
    const connection = ports.connection();
    if (input.cursor !== undefined) from = decodePosition(connection, input.database, input.cursor);
    return readPiece(ports, connection, from, input);
  } catch (error) {
    const failure = judgeFailure(error);
    const isDamage = isCodiError(error)
      ? error.code === 'CODI_STORE_CORRUPT'
      : failure.kind === 'fatal' && failure.code !== 'CODI_INTERNAL';
    if (!isDamage) throw error;
    // The tables themselves are damaged: there is no way on.
    const reason = `the database cannot be read on: ${failure.message}`;
    const findings = [{ block: from.block, ranges: [], reason }];
    const damage = { reason: failure.message };
    return { ...NOTHING_READ, checked: from.block, blocks: from.block, findings, damage };
  }
}

function readPiece(
  { dataDir, monotonicMs, budgetMs }: VerifyPorts,
  connection: VerifyConnection,
  from: ChainPosition,
  { database: kind, marks: given = [] }: VerifyInput,
): AuditPage {
  // Before the snapshot: what is signed later than that cannot be missed in it.
  const marks = withGiven(readMarks(dataDir, kind), given);
  const endMs = monotonicMs() + budgetMs;
  const isTimeUp = () => monotonicMs() >= endMs;
  const piece = connection.snapshot((database) =>
    verifyPiece({ database, kind, dataDir, marks }, from, isTimeUp),
  );
  return {
    checked: piece.position.block,
    blocks: piece.blocks,
    entries: piece.entries,
    segments: piece.segments,
    leafOnly: piece.leafOnly,
    findings: piece.findings,
    losses: piece.losses,
    lost: piece.lost,
    ...(piece.damage && { damage: piece.damage }),
    ...(!piece.isDone && { next: encodePosition(connection, kind, piece.position) }),
  };
}

function withGiven(
  { marks, problems }: Marks,
  given: readonly { size: number; root: string }[],
): Marks {
  const more = given.map(({ size, root }) => {
    const file = `the checkpoint of ${size} blocks that was given`;
    return { origin: '', size, root: Buffer.from(root, 'base64'), file };
  });
  return { marks: [...marks, ...more].sort((one, other) => one.size - other.size), problems };
}

function encodePosition(
  connection: VerifyConnection,
  kind: StoreKind,
  { block, ends, committedMs, edge }: ChainPosition,
): string {
  const nodes = edge ? Buffer.concat(edge.nodes).toString('base64url') : '-';
  return encodeCursor(connection, TAG, [kind, block, ends.join(','), committedMs, nodes]);
}

/** Cursors come from outside: one that was tampered with is refused, or leads to findings about nothing. */
function decodePosition(
  connection: VerifyConnection,
  kind: StoreKind,
  cursor: string,
): ChainPosition {
  const [of, block, endsText, committedMs, nodesText] = decodeCursor(
    connection,
    TAG,
    SHAPE,
    cursor,
  );
  const ends = endsText.split(',').map(Number);
  const isValid =
    of === kind &&
    block >= 0 &&
    ends.length === Object.keys(STREAMS).length &&
    ends.every((end) => Number.isSafeInteger(end) && end >= 0);
  if (!isValid) throw invalidCursor();
  return { block, ends, committedMs, edge: decodeEdge(block, nodesText) };
}

function decodeEdge(size: number, text: string): RightEdge | null {
  if (text === '-') return null;
  const bytes = Buffer.from(text, 'base64url');
  const nodes = Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
  try {
    return new RightEdge(size, nodes);
  } catch (error) {
    if (error instanceof RangeError) throw invalidCursor();
    throw error;
  }
}

function invalidCursor(): CodiError {
  return new CodiError('CODI_CURSOR_INVALID', { reason: 'it is not as it was given out' });
}
