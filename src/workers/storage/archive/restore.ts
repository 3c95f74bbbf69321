import {
  copyFileSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../../../protocol/errors.ts';
import type { BackupManifest } from '../archive.messages.ts';
import { assertKeyFits, ENCRYPTION_CARD, leaveEncryptionCard } from '../cipher/encryption-card.ts';
import { storeKey } from '../cipher/store-key.ts';
import { adoptAudit } from '../audit/adopt-audit.ts';
import { anchorAnew, markProblem } from '../audit/known-breaks.ts';
import { syncPath } from '../durable-file.ts';
import { EXPORTS_FOLDER } from '../exports/blob-files.ts';
import { copyBlobs } from '../exports/copy-blobs.ts';
import { readManifest } from './backup.ts';
import { linkOrCopy } from './link-or-copy.ts';
import { ARCHIVE_FOLDER } from './segment-format.ts';
import { verifyCopy } from './verify-copy.ts';
import { fileHash } from './verify-segment.ts';

const STAGE = 'restore.unfinished';
/** While it is there, the data directory is neither the old nor the restored one. */
export const SWAP_MARK = 'restore.swapping';
const DATABASE_FILES = ['ledger.db', 'state.db'].flatMap((name) => [
  name,
  `${name}-wal`,
  `${name}-shm`,
  // A healing that was begun is not one of what is put here.
  `${name}.healing`,
]);

export interface Restored {
  manifest: BackupManifest;
  /** Where what was there before is now; null: there was nothing. */
  asideDir: string | null;
}

/**
 * Puts a backup into a data directory that nobody uses. It is copied beside the present files and verified
 * there first; then the present files move aside, and the copy takes their place.
 */
export function restore(
  folder: string,
  dataDir: string,
  {
    mayReplace,
    nowMs,
    auditKeyFile: keyFile,
  }: { mayReplace: boolean; nowMs: number; auditKeyFile?: string | undefined },
): Restored {
  const manifest = readManifest(folder);
  assertKeyFits(folder, storeKey());
  const stage = join(dataDir, STAGE);
  const isSwapping = existsSync(join(dataDir, SWAP_MARK));
  const hasStore = existsSync(join(dataDir, 'ledger.db'));
  if (hasStore && !mayReplace && !isSwapping) throw new CodiError('CODI_STORE_EXISTS', { dataDir });
  rmSync(stage, { recursive: true, force: true });
  fill(stage, folder, manifest);
  const problem = verifyCopy(stage) ?? markProblem(folder, stage);
  if (problem) {
    rmSync(stage, { recursive: true, force: true });
    const reason = problem.reason;
    throw new CodiError('CODI_STORE_CORRUPT', { path: join(folder, problem.where), reason });
  }
  const reason = `restored from the backup of ${manifest.created}`;
  const asideDir = swap(dataDir, stage, nowMs, () => {
    adoptAudit(dataDir, folder, keyFile);
    anchorAnew(dataDir, { reason, nowMs, keyFile });
  });
  return { manifest, asideDir };
}

function fill(stage: string, folder: string, manifest: BackupManifest): void {
  mkdirSync(join(stage, ARCHIVE_FOLDER), { recursive: true, mode: 0o700 });
  for (const kind of ['ledger', 'state'] as const) {
    const to = join(stage, `${kind}.db`);
    copyFileSync(join(folder, `${kind}.db`), to, constants.COPYFILE_FICLONE);
    syncPath(to);
    if (fileHash(to).toString('hex') !== manifest[kind].sha256) {
      const path = join(folder, `${kind}.db`);
      throw new CodiError('CODI_STORE_CORRUPT', {
        path,
        reason: 'it has not the sha256 of the backup',
      });
    }
  }
  for (const { file, bytes } of manifest.segments)
    linkOrCopy(join(folder, ARCHIVE_FOLDER, file), join(stage, ARCHIVE_FOLDER, file), bytes);
  copyBlobs(folder, stage);
  const key = storeKey();
  if (key) leaveEncryptionCard(stage, key);
  syncPath(join(stage, ARCHIVE_FOLDER));
  syncPath(stage);
}

/** `anchor` runs while the mark is there: interrupted, the whole restore is done again. */
function swap(dataDir: string, stage: string, nowMs: number, anchor: () => void): string | null {
  const mark = join(dataDir, SWAP_MARK);
  writeFileSync(mark, '', { mode: 0o600 });
  syncPath(dataDir);
  const aside = join(dataDir, `replaced-${new Date(nowMs).toISOString().replaceAll(':', '')}`);
  const present = [...DATABASE_FILES, ARCHIVE_FOLDER, EXPORTS_FOLDER, ENCRYPTION_CARD].filter(
    (name) => existsSync(join(dataDir, name)),
  );
  if (present.length > 0) mkdirSync(aside, { mode: 0o700 });
  for (const name of present) renameSync(join(dataDir, name), join(aside, name));
  for (const name of readdirSync(stage)) renameSync(join(stage, name), join(dataDir, name));
  rmSync(stage, { recursive: true });
  syncPath(dataDir);
  anchor();
  rmSync(mark);
  syncPath(dataDir);
  return present.length > 0 ? aside : null;
}
