import type { BodyOf } from '../../../protocol/messages.ts';
import type { BackupDatabase, BackupManifest, StoreStats } from '../archive.messages.ts';

// What the archive's tasks found, in the words of the protocol.

export function statsRow(stats: StoreStats): BodyOf<'StoreStatus'> {
  const { archive, oldestMs, newestMs } = stats;
  return {
    databases: stats.databases.map(({ name, bytes, freeBytes, walBytes }) => ({
      name,
      bytes,
      free_bytes: freeBytes,
      wal_bytes: walBytes,
    })),
    streams: stats.streams,
    blocks: stats.blocks,
    ...timed('oldest', oldestMs),
    ...timed('newest', newestMs),
    archive: {
      segments: archive.segments,
      entries: archive.entries,
      bytes: archive.bytes,
      ...timed('oldest', archive.oldestMs),
    },
    disk_reserve_bytes: stats.reserveBytes,
  };
}

export function backupRow(directory: string, manifest: BackupManifest): BodyOf<'StoreBackedUp'> {
  return {
    directory,
    created: manifest.created,
    ledger: databaseRow(manifest.ledger),
    state: databaseRow(manifest.state),
    segments: manifest.segments.length,
    segment_bytes: manifest.segments.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function databaseRow({ lastCommitMs, ...database }: BackupDatabase) {
  return { ...database, ...timed('last_commit_at', lastCommitMs) };
}

function timed<Name extends string>(name: Name, atMs: number | null): { [Key in Name]?: string } {
  if (atMs === null) return {};
  return { [name]: new Date(atMs).toISOString() } as { [Key in Name]?: string };
}
