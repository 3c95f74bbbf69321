import type { FileEventRecord } from '../../protocol/file-event.ts';
import { EVENTS, KINDS, SEEN, wordOf } from './codes.ts';
import { pathFromValue, type PathValue } from './path-value.ts';
import { statFromColumns, type StatColumns } from './stat-columns.ts';
import type { StoredRow } from './stored-rows.ts';

/** The record that a row of `file_events` was made from, as far as the path index wants it. */
export function eventRecordOf(row: StoredRow): FileEventRecord {
  const from = row['from_path'] as PathValue | null;
  const size = row['size'] as number | bigint | null;
  return {
    seconds: Number(row['seconds']),
    nanos: Number(row['nanos']),
    event: wordOf(EVENTS, Number(row['event'])) as FileEventRecord['event'],
    kind: wordOf(KINDS, Number(row['kind'])),
    path: pathFromValue(row['path'] as PathValue),
    ...(from !== null && { from: pathFromValue(from) }),
    size: size === null ? null : Number(size),
    seen: wordOf(SEEN, Number(row['seen'])),
    stat: row['ino'] === null ? null : statFromColumns(row as unknown as StatColumns),
    ...(row['checksum'] !== null && { checksum: row['checksum'] as Buffer }),
  };
}
