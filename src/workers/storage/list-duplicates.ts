import type { DuplicateRow } from '../../protocol/messages.ts';
import { codeOf, KINDS } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { listedRoots, pathOfCursor, textOfPath } from './list-files.ts';
import { PageRows } from './page-rows.ts';
import { pathFromValue, pathToValue, type PathValue } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import type { ContentCounts, ListDuplicatesInput, Page } from './reader.messages.ts';
import { hexText } from './row-values.ts';
import { SliceSize } from './slice-size.ts';

type DuplicatesPage = Page<DuplicateRow> & ContentCounts;
/** What is looked at next: contents behind a checksum, or behind all of them the files of a root behind a path. */
type Place = { step: 'contents'; after: string } | { step: 'files'; rootId: number; after: string };
interface Content {
  checksum: Buffer;
  size: number;
  names: number;
}

/** A part of a root's index. */
interface Slice {
  rows: number;
  last: PathValue | null;
  missing: number;
}

const TAG = 'duplicates';
const FILE = codeOf(KINDS, 'file');
/** Names of one content that are told apart by device and inode; a statement cannot be interrupted. */
const NAMES_LIMIT = 50_000;
/** Names between two looks at the clock. */
const CHECK_EVERY = 64;

/**
 * A page of the contents that several files have, in order of checksum. The largest come first only to whoever sorts all
 * pages: here that would mean to look at all of the index for each. Names of one inode are one copy. After the contents
 * come pages that only count the files without a checksum.
 */
export function listDuplicates(
  connection: ReadConnection,
  input: ListDuplicatesInput,
): DuplicatesPage {
  return new DuplicateScan(connection, input).page();
}

class DuplicateScan {
  readonly #connection: ReadConnection;
  readonly #page: PageRows<DuplicateRow>;
  readonly #rootIds: number[];
  readonly #inRoots: string;
  readonly #minSize: number;
  readonly #minWasted: number;
  readonly #deadlineMs: number;
  readonly #counts: ContentCounts = { withChecksum: 0, withoutChecksum: 0 };
  readonly #slice = new SliceSize();
  #place: Place | undefined;

  constructor(connection: ReadConnection, input: ListDuplicatesInput) {
    this.#connection = connection;
    this.#page = new PageRows(input.limit);
    this.#rootIds = listedRoots(connection, input).map(({ rootId }) => rootId);
    this.#inRoots = `root_id IN (${this.#rootIds.join(', ')})`;
    this.#minSize = Math.max(1, input.min_size ?? 1); // empty files waste nothing
    this.#minWasted = Math.max(1, input.min_wasted ?? 1);
    this.#deadlineMs = performance.now() + connection.budgetMs;
    this.#place = this.#placeOf(input.cursor);
  }

  page(): DuplicatesPage {
    if (this.#place?.step === 'contents') this.#lookAtContents(this.#place.after);
    else if (this.#place) this.#countFiles(this.#place); // every page gets on
    while (this.#place?.step === 'files' && !this.#isLate()) this.#countFiles(this.#place);
    const next = this.#place && this.#cursorOf(this.#place);
    return { rows: this.#page.rows, ...(next !== undefined && { next }), ...this.#counts };
  }

  #lookAtContents(after: string): void {
    const contents = this.#connection.prepare(
      `SELECT checksum, size, count(*) AS names FROM files INDEXED BY files_content
       WHERE checksum > ? AND size >= ? AND kind = ${FILE} AND ${this.#inRoots}
       GROUP BY checksum ORDER BY checksum`,
    );
    let last = after;
    let unchecked = 0;
    for (const row of contents.iterate(Buffer.from(after, 'hex'), this.#minSize)) {
      const content = row as Content;
      const isDue = unchecked >= CHECK_EVERY;
      if (isDue) unchecked = 0;
      const isOver = isDue && this.#isLate();
      const duplicate = isOver ? undefined : this.#duplicateOf(content);
      if (isOver || (duplicate && !this.#page.add(duplicate))) {
        this.#place = { step: 'contents', after: last };
        return;
      }
      this.#counts.withChecksum += content.names;
      last = content.checksum.toString('hex');
      unchecked += content.names;
    }
    this.#place = this.#filesOf(this.#rootIds[0]);
  }

  #duplicateOf({ checksum, size, names }: Content): DuplicateRow | undefined {
    if (names < 2 || size * (names - 1) < this.#minWasted) return undefined;
    const copies = this.#connection.value<number>(
      `SELECT count(*) FROM (SELECT DISTINCT dev, ino FROM (SELECT dev, ino FROM files INDEXED BY files_content
       WHERE checksum = ? AND kind = ${FILE} AND ${this.#inRoots} LIMIT ${NAMES_LIMIT}))`,
      checksum,
    )!;
    const wasted = size * (copies - 1);
    if (copies < 2 || wasted < this.#minWasted) return undefined;
    const isPart = names > NAMES_LIMIT && { at_least: true };
    return { checksum: hexText(checksum), size, copies, names, wasted_bytes: wasted, ...isPart };
  }

  #countFiles({ rootId, after }: Place & { step: 'files' }): void {
    const isFirst = after === '';
    const slice = this.#connection.prepare(
      `SELECT count(*) AS rows, max(path) AS last,
       count(*) FILTER (WHERE checksum IS NULL AND kind = ${FILE} AND size >= ?) AS missing
       FROM (SELECT path, checksum, kind, size FROM files
             WHERE root_id = ? AND path ${isFirst ? '>=' : '>'} ? ORDER BY path LIMIT ?)`,
    );
    const limit = this.#slice.rows;
    const values = [this.#minSize, rootId, pathToValue(pathOfCursor(after)), limit];
    const found = this.#slice.measure(() => slice.get(...values)) as Slice;
    this.#counts.withoutChecksum += found.missing;
    this.#place =
      found.rows === limit
        ? { step: 'files', rootId, after: textOfPath(pathFromValue(found.last!)) }
        : this.#filesOf(this.#rootIds.find((id) => id > rootId));
  }

  #filesOf(rootId: number | undefined): Place | undefined {
    return rootId === undefined ? undefined : { step: 'files', rootId, after: '' };
  }

  #placeOf(cursor: string | null | undefined): Place {
    if (cursor == null) return { step: 'contents', after: '' };
    const [rootId, after] = decodeCursor(
      this.#connection,
      TAG,
      ['number', 'string'] as const,
      cursor,
    );
    return rootId === 0 ? { step: 'contents', after } : { step: 'files', rootId, after };
  }

  #cursorOf(place: Place): string {
    const rootId = place.step === 'files' ? place.rootId : 0;
    return encodeCursor(this.#connection, TAG, [rootId, place.after]);
  }

  #isLate(): boolean {
    return performance.now() > this.#deadlineMs;
  }
}
