import type { EventRow } from '../../protocol/messages.ts';

/** What became of a path within a session, as one line: the first event to the last. */
export interface FoldedFile {
  root: string;
  path: string;
  path_b64?: string | null | undefined;
  kind: EventRow['kind'];
  /** `created` and `deleted` in one session leave nothing: `temporary`. */
  effect: 'created' | 'updated' | 'deleted' | 'moved' | 'temporary';
  from?: string | null | undefined;
  changes: number;
  first_time: string;
  last_time: string;
  size?: number | null | undefined;
}

/** Folds events, oldest first, per path; beyond `pathsMax` paths they are only counted. */
export class FileFold {
  readonly #pathsMax: number;
  readonly #files = new Map<string, FoldedFile>();
  /** Events of paths for which there was no room. */
  left = 0;

  constructor(pathsMax: number) {
    this.#pathsMax = pathsMax;
  }

  add(row: EventRow): void {
    const before =
      row.event === 'move' && typeof row.from === 'string'
        ? this.#take(row.root, row.from)
        : this.#files.get(keyOf(row.root, row.path));
    if (!before && this.#files.size >= this.#pathsMax) {
      this.left += 1;
      return;
    }
    this.#files.set(keyOf(row.root, row.path), {
      root: row.root,
      path: row.path,
      ...(row.path_b64 != null && { path_b64: row.path_b64 }),
      kind: row.kind,
      effect: effectOf(row, before),
      ...fromOf(row, before),
      changes: (before?.changes ?? 0) + 1,
      first_time: before?.first_time ?? row.time,
      last_time: row.time,
      ...(row.event !== 'delete' && row.size != null && { size: row.size }),
    });
  }

  get files(): FoldedFile[] {
    return [...this.#files.values()];
  }

  #take(root: string, path: string): FoldedFile | undefined {
    const key = keyOf(root, path);
    const file = this.#files.get(key);
    this.#files.delete(key);
    return file;
  }
}

function effectOf({ event }: EventRow, before: FoldedFile | undefined): FoldedFile['effect'] {
  const wasMadeHere = before?.effect === 'created' || before?.effect === 'temporary';
  if (event === 'transient') return 'temporary';
  if (event === 'delete') return wasMadeHere ? 'temporary' : 'deleted';
  if (wasMadeHere) return 'created';
  if (event === 'move' || before?.effect === 'moved') return 'moved';
  // What was there, went and came back was changed, as far as what is left can tell.
  return event === 'create' && before?.effect !== 'deleted' ? 'created' : 'updated';
}

/** Where it was before the session moved it; of a file of the session itself that says nothing. */
function fromOf(row: EventRow, before: FoldedFile | undefined): { from?: string } {
  const from = before?.from ?? (row.event === 'move' ? row.from : undefined);
  const isOwn = before?.effect === 'created' || before?.effect === 'temporary';
  return from == null || isOwn ? {} : { from };
}

function keyOf(root: string, path: string): string {
  return `${root}\0${path}`;
}
