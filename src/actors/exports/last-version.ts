import type { BytePath } from '../../protocol/byte-path.ts';
import type {
  CaptureInput,
  FileIdentity,
  LastExport,
} from '../../workers/storage/exports.messages.ts';
import type { ExportSettings } from './export-ports.ts';
import type { Recordable } from './export-record.ts';

/** A version whose content is kept. */
export interface KeptVersion {
  identity: FileIdentity;
  /** Hex. */
  checksum: string;
}

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

/** The same file as its last row, in whatever state. */
export function isOneFile(last: LastExport | null, identity: FileIdentity | null): boolean {
  if (!last?.identity || !identity) return false;
  return last.identity.dev === identity.dev && last.identity.ino === identity.ino;
}

/** What a new version may go on from. */
function keptVersion(last: LastExport | null): LastExport | null {
  return last !== null && last.checksum !== null && !last.isPruned ? last : null;
}

/** What of it is kept, if anything is. */
export function versionOf(
  kept: LastExport | Recordable | null,
  identity: FileIdentity | null,
): KeptVersion | null {
  if (!kept || !identity || !('checksum' in kept) || kept.checksum === null) return null;
  return 'isPruned' in kept && kept.isPruned ? null : { identity, checksum: kept.checksum };
}

/** How a new version is taken: what it may go on from, and its limits. */
export function versionInput(
  { sizeLimitBytes, versionChainCount }: ExportSettings,
  path: BytePath,
  last: LastExport | null,
): Pick<CaptureInput, 'path' | 'previous' | 'sizeLimitBytes' | 'versionChainCount'> {
  return { path, previous: keptVersion(last), sizeLimitBytes, versionChainCount };
}
