import { bytePathFromBuffer, bytePathFromUtf8, type BytePath } from '../../protocol/byte-path.ts';
import type { FileEventKind } from '../../protocol/file-event.ts';
import { GAP_ACTS, type Found, type GapClosing, type GapOpening } from '../../protocol/gap.ts';
import type { GapRow } from '../../protocol/messages.ts';
import { codeOf, EVENTS, SEEN, wordOf } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { closingActId } from './gap-acts.ts';
import { PageRows } from './page-rows.ts';
import { pathToValue, subtreeBounds } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import type { OpenGapRow, Page, QueryGapsInput } from './reader.messages.ts';
import { findRoot } from './root-lookup.ts';
import { filterTime } from './row-values.ts';

interface GapAct {
  seq: number;
  subject: string;
  data: string;
}
interface StoredGap {
  root: string;
  seq: number;
  opening: GapOpening;
  closing: GapClosing | undefined;
  closedSeq: number | undefined;
}

const CURSOR = 'gaps';
const SECOND_MS = 1_000;

/** A page of gaps, the last opened one first. There are few of them, so a page may scan. */
export function queryGaps(connection: ReadConnection, query: QueryGapsInput): Page<GapRow> {
  const { cursor, limit } = query;
  const before =
    cursor == null ? Infinity : decodeCursor(connection, CURSOR, ['number'] as const, cursor)[0];
  const page = new PageRows<GapRow>(limit);
  let last = 0;
  for (const gap of storedGaps(connection, before)) {
    if (!isWanted(gap, query)) continue;
    if (!page.add(gapRow(gap)))
      return { rows: page.rows, next: encodeCursor(connection, CURSOR, [last]) };
    last = gap.seq;
  }
  return { rows: page.rows };
}

/** Every gap that has no end yet, and what is recorded already of what it may hide. */
export function readOpenGaps(connection: ReadConnection): OpenGapRow[] {
  const gaps: OpenGapRow[] = [];
  for (const { root, opening, closing } of storedGaps(connection, Infinity)) {
    if (closing) continue;
    const rootPath = bytesOf(root, opening.root_b64);
    const path = opening.path === undefined ? undefined : bytesOf(opening.path, opening.path_b64);
    gaps.push({
      gap: opening.gap,
      root: rootPath,
      reason: opening.reason,
      ...(path !== undefined && { path }),
      ...(opening.detail !== undefined && { detail: opening.detail }),
      openedMs: Date.parse(opening.opened),
      afterSeq: opening.after_seq,
      ...foundSince(connection, rootPath, opening.after_seq, path),
    });
  }
  return gaps;
}

/** Gaps by their opening acts, and by their closing ones where the opening was never taken. */
function* storedGaps(connection: ReadConnection, before: number): Generator<StoredGap> {
  const acts = connection.prepare(
    `SELECT seq, kind, subject, data FROM acts WHERE kind IN (?, ?) AND seq < ? ORDER BY seq DESC LIMIT 1000`,
  );
  const byId = connection.prepare('SELECT seq, subject, data FROM acts WHERE act_id = ?');
  const actOf = (id: Buffer) => byId.get(id) as GapAct | undefined;
  for (let below = Math.min(before, Number.MAX_SAFE_INTEGER); ;) {
    const rows = acts.all(GAP_ACTS.opened, GAP_ACTS.closed, below) as (GapAct & { kind: string })[];
    for (const { seq, kind, subject, data } of rows) {
      const said = JSON.parse(data) as GapOpening;
      const end = kind === GAP_ACTS.closed ? undefined : actOf(closingActId(said.gap));
      if (kind === GAP_ACTS.opened)
        yield {
          root: subject,
          seq,
          opening: said,
          closing: end && (JSON.parse(end.data) as GapClosing),
          closedSeq: end?.seq,
        };
      else if (!actOf(Buffer.from(said.gap, 'hex')))
        yield { root: subject, seq, opening: said, closing: said as GapClosing, closedSeq: seq };
    }
    if (rows.length === 0) return;
    below = rows.at(-1)!.seq;
  }
}

function isWanted({ root, closing }: StoredGap, { filter, watched }: QueryGapsInput): boolean {
  if (filter.open != null && filter.open !== (closing === undefined)) return false;
  if (filter.root != null && filter.root !== root) return false;
  if (filter.open === true && filter.root == null && watched?.includes(root) === false)
    return false;
  if (filter.since == null || closing === undefined) return true;
  const { seconds, nanos } = filterTime(filter.since);
  return Date.parse(closing.closed) >= seconds * SECOND_MS + nanos / 1e6;
}

function gapRow({ root, seq, opening, closing, closedSeq }: StoredGap): GapRow {
  const { gap, root_b64: rootBytes, reason, path, path_b64: pathBytes, detail, opened } = opening;
  return {
    id: gap,
    root,
    ...(rootBytes !== undefined && { root_b64: rootBytes }),
    ...(path !== undefined && { path }),
    ...(pathBytes !== undefined && { path_b64: pathBytes }),
    reason,
    ...(detail !== undefined && { detail }),
    opened,
    ...(closing && { closed: closing.closed }),
    found: closing?.found ?? {},
    ...(closing?.first_seq !== undefined && { first_seq: closing.first_seq }),
    ...(closing?.last_seq !== undefined && { last_seq: closing.last_seq }),
    times: closing?.times ?? 1,
    opened_act: seq,
    ...(closedSeq !== undefined && { closed_act: closedSeq }),
  };
}

function foundSince(
  connection: ReadConnection,
  root: BytePath,
  afterSeq: number,
  path: BytePath | undefined,
): Pick<OpenGapRow, 'found' | 'firstSeq' | 'lastSeq'> {
  const known = findRoot(connection, root);
  if (!known) return { found: {} };
  const hinted = [codeOf(SEEN, 'native'), codeOf(SEEN, 'hint')];
  const values: unknown[] = [afterSeq, known.rootId, ...hinted];
  let inPath = '';
  if (path !== undefined) {
    const { text, blob } = subtreeBounds(path);
    const bounds = text ?? blob;
    inPath = 'AND (path = ? OR path >= ? AND path < ? OR path >= ? AND path < ?)';
    values.push(pathToValue(path), bounds.from, bounds.below, blob.from, blob.below);
  }
  const rows = connection
    .prepare(
      `SELECT event, count(*) AS count, min(seq) AS first, max(seq) AS last FROM file_events
       WHERE seq > ? AND root_id = ? AND seen NOT IN (?, ?) ${inPath} GROUP BY event`,
    )
    .all(...values) as { event: number; count: number; first: number; last: number }[];
  if (rows.length === 0) return { found: {} };
  const found: Found = {};
  for (const { event, count } of rows) found[wordOf(EVENTS, event) as FileEventKind] = count;
  return {
    found,
    firstSeq: Math.min(...rows.map(({ first }) => first)),
    lastSeq: Math.max(...rows.map(({ last }) => last)),
  };
}

function bytesOf(shown: string, base64: string | undefined): BytePath {
  if (base64 === undefined) return bytePathFromUtf8(shown);
  return bytePathFromBuffer(Buffer.from(base64, 'base64'));
}
