import { join } from 'node:path';
import {
  openCheckpoint,
  publicBytes,
  type Checkpoint,
} from '../../../protocol/audit/signed-note.ts';
import type { StoreKind } from '../open-database.ts';
import { AuditFiles } from './audit-files.ts';
import { readBreaks } from './known-breaks.ts';
import { keysFor, loadKey, readPublic } from './audit-key.ts';

/** A checkpoint that a chain has to meet on its way. */
export interface Mark extends Checkpoint {
  /** Where it stands. */
  file: string;
}

/** What was signed of a database, in order of size, and what cannot be used of it. */
export interface Marks {
  marks: Mark[];
  problems: string[];
}

/**
 * Reads the newest checkpoint and the kept ones. Kept ones of an earlier origin belong to a chain that was
 * anchored anew since: its alarm says so, or the note of a known break, and they are passed over.
 */
export function readMarks(dataDir: string, kind: StoreKind): Marks {
  const files = new AuditFiles(dataDir);
  const problems: string[] = [];
  const keys = readPublic(files);
  if (!keys) problems.push('audit/key.pub is missing or damaged');
  const known = keys?.map(({ bytes }) => bytes) ?? ownPublic(files);
  const open = (note: string | undefined, file: string): Mark[] => {
    if (note === undefined) {
      problems.push(`audit/${file} is missing`);
      return [];
    }
    const opened = openCheckpoint(note, keysFor(note, known));
    if (opened.ok) return [{ ...opened.checkpoint, file: `audit/${file}` }];
    if (keys) problems.push(`audit/${file} does not hold: ${opened.reason}`);
    return [];
  };
  for (const name of readBreaks(files).bad)
    if (keys && name.startsWith(`${kind}-`)) problems.push(`audit/breaks/${name} does not hold`);
  const [newest] = open(files.readCheckpoint(kind), `${kind}.checkpoint`);
  const kept = files
    .history(kind)
    .flatMap((name) => open(files.readHistory(name), join('history', name)));
  const marks = [...kept, ...(newest ? [newest] : [])]
    .filter(({ origin }) => newest === undefined || origin === newest.origin)
    .sort((one, other) => one.size - other.size);
  return { marks, problems };
}

/** Of the key itself: enough to know what this directory signed, whoever else may doubt it. */
function ownPublic(files: AuditFiles): Buffer[] {
  const key = loadKey(files.path('key'));
  return key ? [publicBytes(key)] : [];
}
