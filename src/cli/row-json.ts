import type {
  ActRow,
  DuplicateRow,
  EventRow,
  ExportRow,
  FileRow,
  GapRow,
  LogRow,
  SessionRow,
  WatchRow,
} from '../protocol/messages.ts';

/** Rows as `--json` prints them: absent instead of null, one name for one thing in all of them. */
export type JsonRow = Record<string, unknown>;

/** {id, time, level, component, message, session_id?, metadata?, …}; the level as it is typed. */
export function logRowJson(row: LogRow): JsonRow {
  const { id, timestamp, level, component, message, session_id, metadata, ...rest } = row;
  return present({
    id,
    time: timestamp,
    level: level.toLowerCase(),
    component,
    message,
    session_id,
    metadata,
    ...rest,
  });
}

export function eventRowJson(row: EventRow): JsonRow {
  return present(row);
}

export function fileRowJson(row: FileRow): JsonRow {
  return present(row);
}

/** {checksum, size, copies, wasted_bytes, paths, at_least?} */
export function duplicateRowJson(row: DuplicateRow, paths: readonly FileRow[]): JsonRow {
  const { checksum, size, copies, wasted_bytes, at_least } = row;
  const places = paths.map(({ root, path, path_b64 }) => present({ root, path, path_b64 }));
  return present({ checksum, size, copies, wasted_bytes, paths: places, at_least });
}

export function watchRowJson(row: WatchRow): JsonRow {
  return present(row);
}

export function sessionRowJson(row: SessionRow): JsonRow {
  return present(row);
}

export function gapRowJson(row: GapRow): JsonRow {
  return present(row);
}

export function actRowJson(row: ActRow): JsonRow {
  return present(row);
}

export function exportRowJson(row: ExportRow): JsonRow {
  return present(row);
}

/** Without what is null. */
export function present(row: JsonRow): JsonRow {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null && value !== undefined),
  );
}
