import type { BytePath } from '../../protocol/byte-path.ts';
import type { RecordSession } from '../../protocol/file-event.ts';

/** A session as far as it matters for what happens in its folders. Times are Unix milliseconds. */
export interface BookedSession {
  readonly sessionId: string;
  /** Absolute, without a slash at the end. */
  readonly folders: readonly BytePath[];
  readonly startedMs: number;
  /** The session it was started in, when that is known. */
  readonly parentId: string | undefined;
  readonly tenantId: string | null;
  readonly userId: string | null;
}

/** A change of a path, at a time. */
export interface PathMoment {
  /** Absolute. */
  path: BytePath;
  timeMs: number;
}

interface Entry extends BookedSession {
  endedMs: number;
}

/** Files carry the time of the kernel's tick, which is up to 10 ms behind the clock. */
const TICK_MS = 10;
/** What a session did last is seen a moment later; a deletion has no time but that. */
const SEEN_LATE_MS = 2_000;

/**
 * Who worked where: sessions by their folders, those that run and the last that ended. It answers which session a path
 * belongs to by time and place: that of the innermost folder in which one session alone was at work.
 */
export class SessionBook {
  readonly #endedMax: number;
  readonly #byId = new Map<string, Entry>();
  readonly #byFolder = new Map<string, Entry[]>();
  /** Ids in the order in which they ended. */
  readonly #ended = new Set<string>();

  /** `endedMax` is how many sessions are remembered after their end. */
  constructor(endedMax: number) {
    this.#endedMax = endedMax;
  }

  /** Without any, nothing needs to be asked. */
  get isEmpty(): boolean {
    return this.#byFolder.size === 0;
  }

  /** A session runs. One that is known stays as it is. */
  begin(session: BookedSession): void {
    if (session.folders.length === 0 || this.#byId.has(session.sessionId)) return;
    const entry: Entry = { ...session, endedMs: Number.POSITIVE_INFINITY };
    this.#byId.set(session.sessionId, entry);
    for (const folder of entry.folders)
      this.#byFolder.set(folder, [entry, ...(this.#byFolder.get(folder) ?? [])]);
  }

  /** A session is over; it is remembered for what comes late. */
  end(sessionId: string, endedMs: number): void {
    const entry = this.#byId.get(sessionId);
    if (!entry) return;
    entry.endedMs = endedMs;
    this.#ended.delete(sessionId);
    this.#ended.add(sessionId);
    if (this.#ended.size <= this.#endedMax) return;
    const [oldest] = this.#ended;
    this.#forget(oldest!);
  }

  /** The session that was at work there then; undefined where that is nobody, or not one alone. */
  sessionOf(moment: PathMoment): RecordSession | undefined {
    if (this.isEmpty) return undefined;
    const found = this.#innermost(moment, 0) ?? this.#innermost(moment, SEEN_LATE_MS);
    if (found?.length !== 1) return undefined;
    const { sessionId, tenantId, userId } = found[0]!;
    return { id: sessionId, by: 'path', tenantId, userId };
  }

  /** All that were at work in the innermost folder in which anybody was. */
  #innermost({ path, timeMs }: PathMoment, lateMs: number): Entry[] | undefined {
    const isThere = ({ startedMs, endedMs }: Entry) =>
      startedMs - TICK_MS <= timeMs && timeMs <= endedMs + lateMs;
    for (const folder of foldersAround(path)) {
      const there = this.#byFolder.get(folder)?.filter(isThere);
      if (there && there.length > 0) return this.#withoutParents(there);
    }
    return undefined;
  }

  /** Of a session and one that was started in it, the work is the inner one's. */
  #withoutParents(entries: Entry[]): Entry[] {
    if (entries.length === 1) return entries;
    const parents = new Set<string>();
    // A circle, which only false words can make, ends where it has been.
    for (const { parentId } of entries)
      for (
        let id = parentId;
        id !== undefined && !parents.has(id);
        id = this.#byId.get(id)?.parentId
      )
        parents.add(id);
    return entries.filter(({ sessionId }) => !parents.has(sessionId));
  }

  #forget(sessionId: string): void {
    const entry = this.#byId.get(sessionId)!;
    this.#ended.delete(sessionId);
    this.#byId.delete(sessionId);
    for (const folder of entry.folders) {
      const left = this.#byFolder.get(folder)!.filter((other) => other !== entry);
      if (left.length > 0) this.#byFolder.set(folder, left);
      else this.#byFolder.delete(folder);
    }
  }
}

/** The path itself and every folder above it, the innermost first. */
function* foldersAround(path: string): Generator<string> {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    yield path.slice(0, end);
  yield '/';
}
