import { createHash } from 'node:crypto';
import type { BytePath } from '../../protocol/byte-path.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import type { ExportKind } from '../../protocol/export-names.ts';
import { timestampFromMs } from '../../protocol/timestamp.ts';
import type { CaptureResult } from '../../workers/storage/exports.messages.ts';
import type { ExportRecord } from '../../workers/storage/ledger.messages.ts';

/** A result that becomes a row. */
export type Recordable = Exclude<CaptureResult, { state: 'unchanged' | 'unsettled' }>;

export interface RecordInput {
  path: BytePath;
  kind: ExportKind;
  /** Of the event that led to it; 0: none did. */
  seq: number;
  nowMs: number;
  session: RecordSession | null;
}

const ID_BYTES = 16;

/** What is counted of it. */
export function recordedFacts(
  { kind, seenAtMs }: { kind: ExportKind; seenAtMs: number },
  result: Recordable,
  settledMs: number,
) {
  const mtimeNs = result.identity?.mtimeNs;
  const modifiedMs = mtimeNs === undefined ? undefined : Number(mtimeNs / 1_000n) / 1_000;
  return {
    kind,
    state: result.state,
    ...('code' in result && { code: result.code }),
    size: result.identity?.size ?? 0,
    secrets: 'secrets' in result ? Object.keys(result.secrets).length : 0,
    detectionMs: modifiedMs === undefined ? -1 : seenAtMs - modifiedMs,
    settledMs,
  };
}

/** The row of what became of a file. */
export function recordOf(result: Recordable, input: RecordInput): ExportRecord {
  const { identity } = result;
  const isKept = result.state === 'captured' || result.state === 'duplicate';
  const secrets = isKept && Object.keys(result.secrets).length > 0 ? result.secrets : undefined;
  const facts = { ...(secrets && { secrets }), ...(input.seq > 0 && { event_seq: input.seq }) };
  return {
    captureId: captureId(result, input),
    ...timestampFromMs(input.nowMs),
    state: result.state,
    kind: input.kind,
    path: input.path,
    archivePath: isKept ? result.archivePath : null,
    size: isKept ? result.size : (identity?.size ?? null),
    checksum: isKept ? Buffer.from(result.checksum, 'hex') : null,
    base: isKept && result.base !== null ? Buffer.from(result.base, 'hex') : null,
    storedBytes: isKept ? result.storedBytes : null,
    stat: identity,
    session: input.session,
    reason: 'code' in result ? result.code : null,
    facts: Object.keys(facts).length > 0 ? JSON.stringify(facts) : null,
  };
}

/** The same for the same version of a file, whoever meets it again: so it is stored once. */
function captureId(result: Recordable, { path, seq }: RecordInput): Buffer {
  const { identity } = result;
  const what = 'checksum' in result ? result.checksum : `${result.state} ${result.code}`;
  const which = identity
    ? `${identity.dev} ${identity.ino} ${identity.size} ${identity.mtimeNs}`
    : `event ${seq}`;
  const hash = createHash('sha256').update(path, 'latin1').update(`\0${what}\0${which}`);
  return hash.digest().subarray(0, ID_BYTES);
}
