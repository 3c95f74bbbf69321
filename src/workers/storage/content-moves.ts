import type { BytePath } from '../../protocol/byte-path.ts';
import type { ContentMove } from '../../protocol/content-move.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';

/** What the index knows of contents, before a batch of events is applied. */
export interface KnownContents {
  /** The checksum of what is at a path. */
  checksum(path: BytePath): Uint8Array | null;
  /** How many files of the root have this content; counting ends at two. */
  countWith(checksum: Uint8Array): number;
}

/**
 * A file that was deleted and one that was created in one look at the disk, with the same content, are one file that
 * moved, when there is no other way to pair them: one such create, one such delete, and no other file of that content.
 * This is for what identity cannot tell: a move between file systems, a copy whose original is removed.
 */
export function contentMoves(
  events: readonly FileEventRecord[],
  known: KnownContents,
): ContentMove[] {
  const creates = uniqueByContent(events.filter(isCreated), ({ checksum }) => checksum ?? null);
  if (creates.size === 0 || events.some(isMoveOfDirectory)) return [];
  const deleted = events.filter(({ event, kind }) => event === 'delete' && kind === 'file');
  const deletes = uniqueByContent(deleted, ({ path }) => known.checksum(path));
  const times = countPaths(events);
  const leftAt = placesOfDeletedFolders(events);
  const moves: ContentMove[] = [];
  for (const [content, created] of creates) {
    const gone = deletes.get(content);
    if (!gone || !created || times.get(created.path) !== 1 || times.get(gone.path) !== 1) continue;
    if (known.countWith(created.checksum!) !== 1) continue;
    const move = { created: events.indexOf(created), gone: events.indexOf(gone) };
    if (!isOrphan(gone.path, move.created, leftAt)) moves.push(move);
  }
  return moves;
}

/** A move takes the place of the create: a folder that went before that would have gone before what was in it. */
function isOrphan(path: BytePath, at: number, leftAt: ReadonlyMap<string, number>): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    if ((leftAt.get(path.slice(0, end)) ?? Infinity) < at) return true;
  return false;
}

function placesOfDeletedFolders(events: readonly FileEventRecord[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [at, { event, kind, path }] of events.entries())
    if (event === 'delete' && kind === 'dir' && !places.has(path)) places.set(path, at);
  return places;
}

function isCreated({ event, kind, checksum, stat }: FileEventRecord): boolean {
  return event === 'create' && kind === 'file' && checksum !== undefined && (stat?.size ?? 0) > 0;
}

function isMoveOfDirectory({ event, kind }: FileEventRecord): boolean {
  return event === 'move' && kind === 'dir';
}

/** Events by content; undefined for one that several have. */
function uniqueByContent(
  events: readonly FileEventRecord[],
  checksumOf: (event: FileEventRecord) => Uint8Array | null,
): Map<string, FileEventRecord | undefined> {
  const unique = new Map<string, FileEventRecord | undefined>();
  for (const event of events) {
    const checksum = checksumOf(event);
    if (!checksum) continue;
    const content = Buffer.from(checksum).toString('latin1');
    unique.set(content, unique.has(content) ? undefined : event);
  }
  return unique;
}

function countPaths(events: readonly FileEventRecord[]): Map<BytePath, number> {
  const times = new Map<BytePath, number>();
  for (const { path, from } of events)
    for (const each of from === undefined ? [path] : [path, from])
      times.set(each, (times.get(each) ?? 0) + 1);
  return times;
}
