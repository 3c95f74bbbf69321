import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EMPTY_ROOT } from '../../../protocol/audit/merkle-tree.ts';
import {
  openCheckpoint,
  publicBytes,
  signCheckpoint,
} from '../../../protocol/audit/signed-note.ts';
import { syncPath } from '../durable-file.ts';
import type { StoreKind } from '../open-database.ts';
import { AuditFiles } from './audit-files.ts';
import { keysFor, loadKey, makeKey, publishKey, readPublic } from './audit-key.ts';

const KINDS: readonly StoreKind[] = ['ledger', 'state'];

/**
 * Gives a data directory that has no audit files those of a backup: the tree goes on from what was signed there. The
 * private key is in no backup. Where it is not at hand a new one is made, and signs the backup's last checkpoints, which
 * hold with the backup's public key; the files themselves stay beside it in `audit/former`.
 */
export function adoptAudit(dataDir: string, folder: string, keyFile: string | undefined): void {
  const files = new AuditFiles(dataDir);
  const former = new AuditFiles(folder);
  if (existsSync(files.dir) || !existsSync(former.dir)) return;
  const draft = `${files.dir}.new`;
  rmSync(draft, { recursive: true, force: true });
  const known = (readPublic(former) ?? []).map(({ bytes }) => bytes);
  const found = keyFile === undefined ? undefined : loadKey(keyFile);
  const isSame = found !== undefined && known.some((bytes) => bytes.equals(publicBytes(found)));
  if (isSame) cpSync(former.dir, draft, { recursive: true });
  else takeOver(draft, former, known, keyFile);
  renameSync(draft, files.dir);
  syncPath(dataDir);
}

function takeOver(
  draft: string,
  former: AuditFiles,
  known: readonly Buffer[],
  keyFile: string | undefined,
): void {
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  cpSync(former.dir, join(draft, 'former'), { recursive: true });
  const target = new AuditFiles('', draft);
  const key =
    (keyFile === undefined ? undefined : loadKey(keyFile)) ??
    makeKey(keyFile ?? target.path('key'));
  for (const kind of KINDS) {
    const note = former.readCheckpoint(kind);
    const opened = note === undefined ? undefined : openCheckpoint(note, keysFor(note, known));
    const origin = `codi.local/restored/${kind}`;
    const mark = opened?.ok ? opened.checkpoint : { origin, size: 0, root: EMPTY_ROOT };
    target.writeCheckpoint(kind, signCheckpoint(mark, key));
    publishKey(target, key, [mark.origin]);
  }
}
