import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventKind, FileKind, IndexStat } from '#codi/protocol/file-event.js';
import { EVENTS, KINDS, SEEN } from '#codi/workers/storage/codes.js';
import { pathFromValue, pathToValue, type PathValue } from '#codi/workers/storage/path-value.js';
import { FileEventFold } from '../fold-file-events.ts';

/** A tree as lines by path: all that is promised of an entry. Times and sizes of a directory are not recorded anew. */
export type TreeLines = Map<string, string>;

/** What is on the disk below a watched folder, by walking it, less what its rules leave out. */
export function walkTree(
  root: string,
  isWanted: (path: string, name: string) => 'yes' | 'no' | 'hidden',
  isRecursive: boolean,
): TreeLines {
  const lines: TreeLines = new Map();
  const walk = (directory: Buffer, prefix: string) => {
    for (const name of readdirSync(directory, { encoding: 'latin1' })) {
      const path = prefix + name;
      const wanted = isWanted(path, name);
      if (wanted === 'no') continue;
      const at = Buffer.concat([directory, Buffer.from(`/${name}`, 'latin1')]);
      const found = lstatSync(at, { bigint: true });
      const kind = found.isDirectory()
        ? 'dir'
        : found.isFile()
          ? 'file'
          : found.isSymbolicLink()
            ? 'symlink'
            : 'other';
      if (wanted === 'yes') lines.set(path, line(kind, found));
      if (kind === 'dir' && isRecursive) walk(at, `${path}/`);
    }
  };
  walk(Buffer.from(root, 'latin1'), '');
  return lines;
}

type AnyStat = { [Name in keyof IndexStat]: bigint | number };

function line(kind: FileKind, stat: AnyStat): string {
  const { dev, ino, mode, size, mtimeNs, nlink } = stat;
  if (kind === 'dir') return `dir ${dev}:${ino} ${mode}`;
  return `${kind} ${dev}:${ino} ${mode} ${size} ${mtimeNs} ${nlink}`;
}

interface Row {
  [column: string]: bigint | PathValue | null;
}

/** What the ledger holds, read from its file beside the daemon. */
export class RecordedTrees {
  readonly #database: Database.Database;

  constructor(dataDir: string) {
    this.#database = new Database(join(dataDir, 'ledger.db'), { readonly: true });
    this.#database.defaultSafeIntegers();
  }

  close(): void {
    this.#database.close();
  }

  lastSeq(): bigint {
    return this.#database
      .prepare('SELECT coalesce(max(seq), 0) FROM file_events')
      .pluck()
      .get() as bigint;
  }

  index(root: string): TreeLines {
    const lines: TreeLines = new Map();
    for (const row of this.#rows('SELECT *, size AS stat_size FROM files WHERE root_id = ?', root))
      lines.set(pathFromValue(row['path'] as PathValue), line(kindOf(row), statOf(row)));
    return lines;
  }

  /** Throws where an event does not fit what came before it. */
  folded(root: string): TreeLines {
    const fold = new FileEventFold();
    for (const row of this.#rows(
      'SELECT * FROM file_events WHERE root_id = ? ORDER BY seq',
      root,
    )) {
      const event = EVENTS[Number(row['event'])]!;
      if (event === 'access' || event === 'transient') continue;
      try {
        fold.apply({
          seconds: 0,
          nanos: 0,
          event: event as FileEventKind,
          path: pathFromValue(row['path'] as PathValue),
          ...(row['from_path'] !== null && { from: pathFromValue(row['from_path'] as PathValue) }),
          kind: kindOf(row),
          size: null,
          seen: SEEN[Number(row['seen'])]!,
          stat: row['ino'] === null ? null : statOf(row),
        });
      } catch (error) {
        throw new Error(`event ${row['seq']} of ${root}: ${String(error)}`, { cause: error });
      }
    }
    return new Map([...fold.entries].map(([path, { kind, stat }]) => [path, line(kind, stat)]));
  }

  /** Numbers that no event has although a later one has its own. */
  missingSeqs(): bigint {
    const sql = 'SELECT coalesce(max(seq), 0) - count(*) FROM file_events';
    return this.#database.prepare(sql).pluck().get() as bigint;
  }

  eventsOf(root: string, path: string): string[] {
    const rows = this.#rows('SELECT * FROM file_events WHERE root_id = ? ORDER BY seq', root);
    return rows
      .filter((row) =>
        [row['path'], row['from_path']].some(
          (value) => value !== null && path === pathFromValue(value as PathValue),
        ),
      )
      .map(
        (row) =>
          `${row['seq']} ${SEEN[Number(row['seen'])]} ${EVENTS[Number(row['event'])]} ` +
          `${JSON.stringify(row['from_path'] ?? '')} ino ${row['ino']} size ${row['size']} nlink ${row['nlink']}`,
      );
  }

  #rows(sql: string, root: string): Row[] {
    const rootId = this.#database
      .prepare('SELECT root_id FROM roots WHERE path = ?')
      .pluck()
      .get(pathToValue(root as BytePath));
    return rootId === undefined ? [] : (this.#database.prepare(sql).all(rootId) as Row[]);
  }
}

function kindOf(row: Row): FileKind {
  return KINDS[Number(row['kind'])]!;
}

function statOf(row: Row): IndexStat {
  const number = (column: string) => Number(row[column]);
  const time = (name: string) =>
    (row[`${name}_seconds`] as bigint) * 1_000_000_000n + (row[`${name}_nanos`] as bigint);
  return {
    dev: row['dev'] as bigint,
    ino: row['ino'] as bigint,
    size: number('stat_size'),
    mtimeNs: time('mtime'),
    ctimeNs: time('ctime'),
    mode: number('mode'),
    nlink: number('nlink'),
  };
}
