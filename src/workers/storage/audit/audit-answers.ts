/** What is known of the chains, as the protocol says it. */
import { STREAM_NAMES, type StreamName } from '../../../protocol/audit/canonical-reader.ts';
import type { BodyOf } from '../../../protocol/messages.ts';
import { STREAMS } from '../codes.ts';
import type { NotaryHead, ProofParts, ProveCommand } from '../notary.messages.ts';
import type { AuditPage, VerifyInput } from '../reader.messages.ts';
import type { Alarm } from './audit-files.ts';
import type { Finding } from './verify-chain.ts';

/** The command that a request stands for: a stream names its database. */
export function proveCommand({ stream, number, offset }: BodyOf<'AuditProve'>): ProveCommand {
  const tag = STREAM_NAMES.indexOf(stream);
  const database = tag === STREAMS.coordination ? 'state' : 'ledger';
  return { type: 'prove', database, stream: tag, number, offset: offset ?? 0 };
}

/** What a check is asked with. */
export function verifyInput({ database, cursor, marks }: BodyOf<'AuditVerify'>): VerifyInput {
  return { database, ...(cursor != null && { cursor }), ...(marks != null && { marks }) };
}

export function headBody({ databases, keys, alarms, breaks }: NotaryHead): BodyOf<'AuditHeads'> {
  return {
    databases: databases.map(({ database, checkpoint, size, signedAtMs, blocks }) => ({
      database,
      checkpoint,
      size,
      signed_at: signedAtMs === null ? null : new Date(signedAtMs).toISOString(),
      blocks,
    })),
    keys,
    alarms: alarms.map(alarmRow),
    breaks: breaks.map(({ database, at, reason, size, replacedSize, replacedOrigin }) => ({
      database,
      at,
      reason,
      size,
      replaced_size: replacedSize,
      replaced_origin: replacedOrigin,
    })),
  };
}

export function proofBody(
  { stream, number }: BodyOf<'AuditProve'>,
  parts: ProofParts,
): BodyOf<'AuditProof'> {
  const { block, leaf, canonical, next, treeSize, path, checkpoint } = parts;
  return {
    database: proveCommand({ stream, number }).database,
    stream,
    number,
    block,
    leaf,
    canonical,
    next,
    tree_size: treeSize,
    path,
    checkpoint,
  };
}

export function findingsBody({
  checked,
  blocks,
  entries,
  segments,
  leafOnly,
  findings,
  losses,
  lost,
  next,
}: AuditPage): BodyOf<'AuditFindings'> {
  return {
    checked,
    blocks,
    entries,
    segments,
    leaf_only: leafOnly,
    findings: findings.map(findingRow),
    lost,
    losses: losses.map(findingRow),
    next: next ?? null,
  };
}

function findingRow({ block, ranges, reason }: Finding) {
  return {
    block: block ?? null,
    reason,
    ranges: ranges.map(({ stream, first, last }) => ({
      stream: STREAM_NAMES[stream] as StreamName,
      first,
      last,
    })),
  };
}

function alarmRow({ about, detectedAt, reason }: Alarm) {
  return { about, detected_at: detectedAt, reason };
}
