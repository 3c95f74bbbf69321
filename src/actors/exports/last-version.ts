import type { FileIdentity, LastExport } from '../../workers/storage/exports.messages.ts';

/** Nothing has happened to the file since its last row. */
export function isDone(last: LastExport | null, identity: FileIdentity | null): boolean {
  if (!last?.identity || !identity) return false;
  if (last.state === 'unreadable' || last.state === 'vanished') return false;
  const { dev, ino, size, mtimeNs } = last.identity;
  return (
    dev === identity.dev &&
    ino === identity.ino &&
    size === identity.size &&
    mtimeNs === identity.mtimeNs
  );
}

/** What a new version may go on from. */
export function keptVersion(last: LastExport | null): LastExport | null {
  return last !== null && last.checksum !== null && !last.isPruned ? last : null;
}
